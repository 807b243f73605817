"""The numbers of a board as arrays, by the extension and without."""

import os
import shutil
import unittest
from unittest import mock

import vxboard
from support import BoardTest
from vxboard import _layout as layout
from vxboard import _rows as rows

try:
    import numpy
except ImportError:
    numpy = None
try:
    from vxboard import _extension as extension
except ImportError:
    extension = None


class Numbers(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        if extension is None:
            self.skipTest("the extension is not built")
        self.enterContext(mock.patch.dict(os.environ))
        self.board = self.enterContext(vxboard.Board.create("a test", 8, self.path))

    def test_the_words_are_the_map_itself_and_stay_after_the_close(self) -> None:
        with self.board.slot("shard", total=100) as slot:
            slot.publish(42)
            numbers = self.board.numbers
            self.assertTrue(numbers.readonly)
            self.assertEqual((numbers.shape, numbers.format), ((8, layout.HOT_STRIDE // 8), "Q"))
            good = 2 + 3 * (numbers[0, 1] & 1)
            self.assertEqual([numbers[0, good], numbers[0, good + 1]], [42, 100])
            slot.publish(43)
            good = 2 + 3 * (numbers[0, 1] & 1)
            self.assertEqual(numbers[0, good], 43)
        self.board.close()
        self.assertEqual(numbers[0, 2 + 3 * (numbers[0, 1] & 1)], 43)

    def test_rows_are_the_same_by_the_extension_and_without(self) -> None:
        with self.board.slot("one", total=7, unit="files") as one, self.board.slot("two"):
            one.publish(3)
            made = extension.BoardReader(self.path).rows()
            self.assertEqual(made, rows.rows_of(self.board.snapshot().slots))
        made = extension.BoardReader(self.path).rows()
        self.assertEqual(made, rows.rows_of(self.board.snapshot().slots))
        self.assertEqual(len(made), 2 * rows._ROW.size)

    def test_a_board_that_is_cut_short_is_an_error(self) -> None:
        copy = f"{self.path}.copy"
        shutil.copy(self.path, copy)
        reader = extension.BoardReader(copy)
        reader.rows()
        os.truncate(copy, 4096)
        with self.assertRaises(vxboard.VxboardError):
            reader.rows()

    @unittest.skipIf(numpy is None, "numpy is not there")
    def test_numpy_shares_the_memory_of_the_words_and_has_the_rows_by_name(self) -> None:
        with self.board.slot("shard", total=100) as slot:
            words = numpy.asarray(self.board.numbers)
            self.assertTrue(numpy.shares_memory(words, numpy.asarray(self.board.numbers)))
            self.assertFalse(words.flags.writeable)
            slot.publish(9)
            found = self.board.snapshot_array()
            self.assertEqual((found["done"].tolist(), found["total"].tolist(), found["pid"].tolist()), ([9], [100], [os.getpid()]))
            self.assertEqual(layout.STATE_NAMES[found["state"][0]], "live")
            with mock.patch.object(vxboard._board, "reader_of", return_value=None), vxboard.Board.open(self.path) as pure:
                self.assertEqual(pure.snapshot_array().tolist(), found.tolist())
            slot.total = None
            self.assertEqual(self.board.snapshot_array()["total"][0], rows.UNKNOWN)

    def test_a_notebook_shows_text_as_text(self) -> None:
        with self.board.slot("<b>bold</b>", total=4) as slot:
            slot.publish(1)
            slot.message("a & b")
            shown = self.board._repr_html_()
        self.assertIn("&lt;b&gt;bold&lt;/b&gt;", shown)
        self.assertIn("a &amp; b", shown)
        self.assertIn("value=25.0", shown)
        self.assertNotIn("<b>", shown)


if __name__ == "__main__":
    unittest.main()

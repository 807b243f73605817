//! Between parent and child: the configuration pipe, and messages over the board.

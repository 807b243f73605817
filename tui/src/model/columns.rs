//! The columns of the table: names at the left, numbers at the right, and the lane between. A pure function of the
//! width and of the kinds of work on the board.

use vx_shm::Kind;
use vx_status::vocabulary;

/// A narrower table has a bar in place of the lane.
const LANE_COLUMNS: u16 = 80;
/// A narrower table has no versions, and shorter names.
const VERSION_COLUMNS: u16 = 100;
/// Numbers of services and turns are left out while the lane would be shorter than this.
const LEAST_LANE: u16 = 24;
/// The cursor, the mark, and a blank.
const BEFORE_NAMES: u16 = 3;
/// Blanks between two numbers.
const BETWEEN: u16 = 2;

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Percent,
    /// Port of a service.
    Port,
    /// Number of times a service was started again.
    Restarts,
    /// Share of a processor that its processes use.
    Processor,
    /// Memory of its processes.
    Memory,
    /// Time that the last build of a service took.
    Build,
    /// Time for which a service has been usable, on a board of nothing but services.
    Up,
    /// Messages of a turn.
    Messages,
    /// Calls of tools in a turn.
    Tools,
    /// Tokens that a turn has used.
    Tokens,
    /// Cost of a turn.
    Cost,
    Size,
    Rate,
    Time,
    Left,
    /// Time that the work took in earlier runs.
    Usual,
}

impl Number {
    pub(crate) fn title(self, kinds: Kinds) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Port => "port",
            Self::Restarts => "restarts",
            Self::Processor => "cpu",
            Self::Memory => "memory",
            Self::Build => "build",
            Self::Up => "up",
            Self::Messages => "messages",
            Self::Tools => "tools",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Size if kinds.has(Kind::Install) => "size",
            Self::Size => "items",
            Self::Rate => "rate",
            Self::Time => "time",
            Self::Left => "left",
            Self::Usual => "usual",
        }
    }

    fn columns(self) -> u16 {
        match self {
            Self::Percent => 4,
            Self::Size | Self::Memory | Self::Restarts | Self::Messages | Self::Tokens | Self::Cost => 8,
            Self::Rate => 10,
            Self::Port | Self::Processor | Self::Build | Self::Up => 6,
            Self::Tools | Self::Time | Self::Left | Self::Usual => 6,
        }
    }

    /// The least width of the table at which it is shown.
    fn shown_from(self) -> u16 {
        match self {
            Self::Percent => 0,
            Self::Port | Self::Left | Self::Usual => 60,
            Self::Size | Self::Up | Self::Tokens => 70,
            Self::Restarts | Self::Build | Self::Cost => 90,
            Self::Time => 92,
            Self::Messages | Self::Tools => 100,
            Self::Rate | Self::Processor | Self::Memory => 110,
        }
    }
}

/// The kinds of work on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    pub(crate) fn from_kinds(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().fold(0, |seen, kind| seen | Self::bit(kind)))
    }

    fn bit(kind: Kind) -> u16 {
        let place = Kind::ALL.iter().position(|known| *known == kind).unwrap_or(Kind::ALL.len());
        1u16.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(1 << 15)
    }

    pub(crate) fn has(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Only services, and perhaps their builds.
    fn serve(self) -> bool {
        self.has(Kind::Service) && self.0 & !(Self::bit(Kind::Service) | Self::bit(Kind::Build)) == 0
    }

    /// The title of the column of names.
    pub(crate) fn noun(self) -> &'static str {
        vocabulary::noun_of(Kind::ALL.iter().copied().filter(|kind| self.has(*kind)))
    }

    /// The word for work that has ended well.
    pub(crate) fn good(self) -> &'static str {
        if self.has(Kind::Install) { "in place" } else { "done" }
    }

    /// The numbers worth a column.
    fn numbers(self, stage: TableStage) -> Vec<Number> {
        let over = stage != TableStage::Running;
        let counts = !self.serve() && (self.has(Kind::Install) || self.has(Kind::Task) || self.has(Kind::Build));
        let serves = self.has(Kind::Service);
        let all = [
            (Number::Percent, counts && !over),
            (Number::Port, serves),
            (Number::Processor, serves && !over),
            (Number::Memory, serves && !over),
            (Number::Restarts, serves),
            (Number::Build, serves && self.has(Kind::Build)),
            (Number::Size, counts),
            (Number::Rate, self.has(Kind::Install)),
            (Number::Up, self.serve()),
            (Number::Messages, self.has(Kind::Turn)),
            (Number::Tools, self.has(Kind::Turn)),
            (Number::Tokens, self.has(Kind::Turn)),
            (Number::Cost, self.has(Kind::Turn)),
            (Number::Time, !self.serve()),
            (Number::Left, counts && !over),
            (Number::Usual, self.has(Kind::Install) && stage == TableStage::OverAsBefore),
        ];
        all.into_iter().filter(|(_, shown)| *shown).map(|(number, _)| number).collect()
    }
}

/// The stage of the board, which decides the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableStage {
    Running,
    /// All is over, and no earlier runs are known.
    Over,
    /// All is over, and earlier runs say what is usual.
    OverAsBefore,
}

/// The places of the columns, counted from the table's left edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) name: u16,
    /// Zero where there is no room for versions.
    pub(crate) version: u16,
    /// First cell of the lane, or of the bar.
    pub(crate) lane_x: u16,
    pub(crate) lane: u16,
    /// A bar takes the place of the lane.
    pub(crate) bar: bool,
    /// Each number with its first cell and its width.
    pub(crate) numbers: Vec<(Number, u16, u16)>,
}

impl Columns {
    /// Lay out the columns of a table this wide, for names and versions of at most these widths.
    pub(crate) fn for_width(width: u16, kinds: Kinds, stage: TableStage, longest: (u16, u16)) -> Self {
        let bar = width < LANE_COLUMNS;
        let name = longest.0.min(if width < VERSION_COLUMNS { 12 } else { 20 }).max(6);
        let version = if width < VERSION_COLUMNS { 0 } else { longest.1.min(12) };
        let lane_x = BEFORE_NAMES + name + 1 + if version > 0 { version + 1 } else { 0 };
        let shown = kinds.numbers(stage).into_iter().filter(|number| width >= number.shown_from());
        let mut shown: Vec<Number> = shown.collect();
        let lane_beside = |shown: &[Number]| {
            let taken = shown.iter().map(|number| number.columns() + BETWEEN).sum::<u16>() + 1;
            width.saturating_sub(lane_x + taken)
        };
        // Beside other work, leave out numbers of services and turns that the pane shows, too.
        let spare = [
            Number::Processor,
            Number::Memory,
            Number::Build,
            Number::Restarts,
            Number::Messages,
            Number::Tools,
            Number::Cost,
            Number::Tokens,
        ];
        for number in spare {
            if lane_beside(&shown) < LEAST_LANE {
                shown.retain(|other| *other != number);
            }
        }
        let lane = lane_beside(&shown);
        let mut x = lane_x + lane;
        let mut numbers = Vec::with_capacity(shown.len());
        for number in shown {
            numbers.push((number, x + BETWEEN, number.columns()));
            x += BETWEEN + number.columns();
        }
        Self { name, version, lane_x, lane, bar, numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: (u16, u16) = (8, 8);

    fn titles(width: u16, kinds: &[Kind], stage: TableStage) -> String {
        let kinds = Kinds::from_kinds(kinds.iter().copied());
        let columns = Columns::for_width(width, kinds, stage, TOOLS);
        columns.numbers.iter().map(|(number, ..)| number.title(kinds)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_come_with_the_width_they_ask_for() {
        assert_eq!(titles(50, &[Kind::Install], TableStage::Running), "%");
        assert_eq!(titles(80, &[Kind::Install], TableStage::Running), "% size left");
        assert_eq!(titles(100, &[Kind::Install], TableStage::Running), "% size time left");
        assert_eq!(titles(120, &[Kind::Install], TableStage::Running), "% size rate time left");
        assert_eq!(titles(120, &[Kind::Install], TableStage::OverAsBefore), "size rate time usual");
        assert_eq!(titles(120, &[Kind::Install], TableStage::Over), "size rate time");
    }

    #[test]
    fn each_kind_of_work_has_its_own_columns() {
        assert_eq!(titles(120, &[Kind::Task], TableStage::Running), "% items time left");
        assert_eq!(titles(120, &[Kind::Service], TableStage::Running), "port cpu memory restarts up");
        assert_eq!(titles(100, &[Kind::Service, Kind::Build], TableStage::Running), "port restarts build up");
        assert_eq!(titles(80, &[Kind::Service], TableStage::Running), "port up");
        assert_eq!(titles(120, &[Kind::Service, Kind::Task], TableStage::Over), "port restarts items time");
        assert_eq!(titles(120, &[Kind::Turn], TableStage::Running), "messages tools tokens cost time");
        assert_eq!(titles(80, &[Kind::Turn], TableStage::Running), "tokens");
        let noun = |kinds: &[Kind]| Kinds::from_kinds(kinds.iter().copied()).noun();
        assert_eq!((noun(&[Kind::Install]), noun(&[Kind::Service])), ("tool", "service"));
        assert_eq!((noun(&[Kind::Service, Kind::Build]), noun(&[])), ("service", "work"));
        assert_eq!(noun(&[Kind::Service, Kind::Task]), "work");
        let good = |kinds: &[Kind]| Kinds::from_kinds(kinds.iter().copied()).good();
        assert_eq!((good(&[Kind::Install, Kind::Service]), good(&[Kind::Task])), ("in place", "done"));
    }

    #[test]
    fn columns_never_leave_their_table() {
        for width in 40..=250 {
            for longest in [(0, 0), (8, 8), (300, 300)] {
                let columns = Columns::for_width(
                    width,
                    Kinds::from_kinds(Kind::ALL.iter().copied()),
                    TableStage::Running,
                    longest,
                );
                assert!(columns.lane > 0 && columns.lane_x + columns.lane < width, "{width}: {columns:?}");
                let last = columns.numbers.last().map_or(0, |(_, x, wide)| x + wide);
                assert!(last < width, "{width}");
            }
        }
        let twelve = Columns::for_width(120, Kinds::from_kinds([Kind::Install]), TableStage::Running, (7, 7));
        assert_eq!((twelve.lane_x, twelve.lane), (19, 56));
    }
}

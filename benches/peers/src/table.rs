//! Tables as Markdown, ready for `docs/measurements.md`, and the budgets they are held to.

/// The output of the bench: tables as they come, and all budgets together at the end.
#[derive(Default)]
pub(crate) struct Report {
    budgets: Vec<(String, f64, Limit)>,
}

/// The limit of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64, &'static str),
    AtLeast(f64, &'static str),
}

impl Limit {
    fn kept(self, found: f64) -> bool {
        match self {
            Self::AtMost(most, _) => found <= most,
            Self::AtLeast(least, _) => found >= least,
        }
    }
}

impl Report {
    /// Print a table: its question, the columns of figures, and a row for each mechanism. The last column is each row's
    /// first figure, as a multiple of that of the last row with `base`.
    pub(crate) fn table(&self, question: &str, columns: &[&str], rows: &[Row]) {
        println!("\n### {question}\n\n| way | {} | times |", columns.join(" | "));
        println!("|---|{}", "---|".repeat(columns.len() + 1));
        let mut base = None;
        for row in rows {
            if row.base || base.is_none() {
                base = row.figures.first().copied().flatten();
            }
            let cells: Vec<String> = row.figures.iter().map(|figure| figure.map_or("–".into(), rounded)).collect();
            let times = match (row.figures.first().copied().flatten(), base) {
                (Some(figure), Some(base)) if base > 0.0 => rounded(figure / base),
                _ => "–".into(),
            };
            println!("| {} | {} | {times} |", row.name, cells.join(" | "));
        }
    }

    /// Record a figure that has a budget.
    pub(crate) fn budget(&mut self, what: &str, found: f64, limit: Limit) {
        self.budgets.push((what.to_owned(), found, limit));
    }

    /// Print the verdicts on the budgets. Returns whether all were kept.
    pub(crate) fn finish(&self) -> bool {
        println!("\n### Budgets\n\n| what | found | budget | |\n|---|---|---|---|");
        for (what, found, limit) in &self.budgets {
            let budget = match limit {
                Limit::AtMost(most, unit) => format!("at most {most} {unit}"),
                Limit::AtLeast(least, unit) => format!("at least {least} {unit}"),
            };
            let verdict = if limit.kept(*found) { "kept" } else { "**not kept**" };
            println!("| {what} | {} | {} | {verdict} |", rounded(*found), budget.trim_end());
        }
        self.budgets.iter().all(|(_, found, limit)| limit.kept(*found))
    }
}

/// One mechanism and its figures, in the order of the columns.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) figures: Vec<Option<f64>>,
    /// Base that the rows after it are compared with, until the next such row.
    pub(crate) base: bool,
}

impl Row {
    pub(crate) fn new(name: &str, figures: &[f64]) -> Self {
        Self { name: name.to_owned(), figures: figures.iter().copied().map(Some).collect(), base: false }
    }
}

/// The figure, rounded to three significant digits.
pub(crate) fn rounded(figure: f64) -> String {
    let digits = match figure.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        _ => 4,
    };
    let text = format!("{figure:.digits$}");
    match text.split_once('.') {
        Some(_) => text,
        None => grouped(&text),
    }
}

/// A count, its digits in groups of three.
pub(crate) fn thousands(count: u64) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

//! What tidy works on and what it answers: a file's text, a rule, a violation.
//! It never knows how a rule is checked.

use std::fmt;

/// One file as tidy sees it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the workspace's root, with forward slashes on every system.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// The house rules, one value each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every Rust file says in its first line what it is.
    FirstLine,
    /// No line ends in whitespace.
    TrailingSpace,
    /// A Rust file ends with exactly one newline.
    FinalNewline,
    /// Rust files hold no tab.
    Tab,
    /// Files stay short enough to be read in one sitting.
    FileLength,
    /// Functions stay short enough to be seen at once.
    FunctionLength,
    /// Imports go strictly downwards.
    Floors,
    /// Each foreign crate, and each power over the machine, has one door.
    Doors,
    /// No glob imports.
    Glob,
    /// No module that is named for holding whatever was left over.
    ModuleName,
    /// The file parses.
    Syntax,
}

impl Rule {
    /// Every rule; its length is what a clean run reports.
    pub const ALL: &[Self] = &[
        Self::FirstLine,
        Self::TrailingSpace,
        Self::FinalNewline,
        Self::Tab,
        Self::FileLength,
        Self::FunctionLength,
        Self::Floors,
        Self::Doors,
        Self::Glob,
        Self::ModuleName,
        Self::Syntax,
    ];

    /// What a violation calls the rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstLine => "first-line",
            Self::TrailingSpace => "trailing-space",
            Self::FinalNewline => "final-newline",
            Self::Tab => "tab",
            Self::FileLength => "file-length",
            Self::FunctionLength => "function-length",
            Self::Floors => "floors",
            Self::Doors => "doors",
            Self::Glob => "glob",
            Self::ModuleName => "module-name",
            Self::Syntax => "syntax",
        }
    }
}

/// One place where a file breaks a rule. Ordered by path, then line, then rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file, as in [`SourceFile::path`].
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong; what would be right.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule.name(), self.message)
    }
}

impl SourceFile {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn violation(&self, line: usize, rule: Rule, message: String) -> Violation {
        Violation { path: self.path.clone(), line, rule, message }
    }
}

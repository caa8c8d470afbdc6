//! The file of results: a head, and a section for each program.
//! It never loses a section: a program that was not run keeps what it had.

use std::fmt;

/// What stands in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Results {
    /// The machine and the versions.
    pub(super) head: String,
    sections: Vec<(String, String)>,
}

/// What one program printed.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) command: String,
    pub(super) when: String,
    pub(super) printed: String,
}

const TITLE: &str = "# What was measured\n\nWritten by `cargo xtask bench`: what the programs print, \
                     as they print it. Ratios are of one run;\ntimes in nanoseconds are of this \
                     machine, which may have been busy.\n";

const FENCE: &str = "```";

impl Results {
    /// The sections of a file that was written before. Its head is made anew.
    pub(super) fn read(text: &str) -> Self {
        let mut results = Self::default();
        let mut is_fenced = false;
        for line in text.lines() {
            is_fenced ^= line.starts_with(FENCE);
            match line.strip_prefix("## ") {
                Some(name) if !is_fenced => {
                    results.sections.push((name.to_owned(), String::new()));
                }
                _ => {
                    if let Some((_, body)) = results.sections.last_mut() {
                        body.push_str(line);
                        body.push('\n');
                    }
                }
            }
        }
        for (_, body) in &mut results.sections {
            *body = format!("{}\n", body.trim());
        }
        results
    }

    /// Puts a program's section in place of its last one.
    pub(super) fn put(&mut self, section: Section) {
        let Section { name, command, when, printed } = section;
        let printed = printed.trim_end();
        let body = format!("`{command}` ({when})\n\n{FENCE}text\n{printed}\n{FENCE}\n");
        match self.sections.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = body,
            None => self.sections.push((name, body)),
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TITLE}\n{}\n", self.head)?;
        self.sections.iter().try_for_each(|(name, body)| write!(f, "\n## {name}\n\n{body}"))
    }
}

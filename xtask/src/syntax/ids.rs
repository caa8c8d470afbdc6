//! Places in a file, and the numbers by which the parts of a tree know each other.
//! They never say which tree they belong to.

/// A line and a column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1.
    pub column: u32,
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its list.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The next index of a list.
            #[must_use]
            pub fn after(len: usize) -> Self {
                Self(u32::try_from(len).unwrap_or(u32::MAX))
            }
        }
    };
}

index!(
    /// An expression of a tree.
    NodeId
);
index!(
    /// A scope of a tree. The file's own is 0.
    ScopeId
);
index!(
    /// An item of a tree.
    ItemId
);
index!(
    /// A local variable of a tree.
    BindingId
);

//! The builder methods that are reqwest's own, for builders that have `configure`.
//! Never changes what reqwest would have done.

/// Methods that hand their arguments to the builder of the same name in `$path`.
macro_rules! forward_to_reqwest {
    (
        in $path:literal:
        $($(#[$meta:meta])* $name:ident($($argument:ident: $kind:ty),*);)+
    ) => {
        $(
            #[doc = concat!("[`", $path, "::", stringify!($name), "`].")]
            $(#[$meta])*
            pub fn $name(self, $($argument: $kind),*) -> Self {
                self.configure(|inner| inner.$name($($argument),*))
            }
        )+
    };
}

pub(super) use forward_to_reqwest;

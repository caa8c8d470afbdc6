//! Words of closed sets, which need no more room in a row than their places.
//! Never changes a word: what is in no set is left to who asks.

/// A list of words, and a function that tells the place of one.
macro_rules! closed {
    ($(#[$doc:meta])* $list:ident, $place:ident: $($n:literal $word:literal,)+) => {
        $(#[$doc])*
        pub(crate) const $list: [&str; [$($n,)+].len()] = [$($word,)+];

        #[doc = concat!("The place of a word in [`", stringify!($list), "`].")]
        #[cfg_attr(not(feature = "wire"), allow(dead_code, reason = "only rows need places"))]
        pub(crate) fn $place(word: &str) -> Option<u8> {
            match word {
                $($word => Some($n),)+
                _ => None,
            }
        }
    };
}

closed! {
    /// The methods that a record can have: none, those of HTTP, and what stands for any other.
    METHODS, method_place:
    0 "",
    1 "GET",
    2 "POST",
    3 "PUT",
    4 "PATCH",
    5 "DELETE",
    6 "HEAD",
    7 "OPTIONS",
    8 "CONNECT",
    9 "TRACE",
    10 "QUERY",
    11 "_OTHER",
}

closed! {
    /// The schemes that a record can have: none, and those that HTTP clients use.
    SCHEMES, scheme_place:
    0 "",
    1 "https",
    2 "http",
    3 "wss",
    4 "ws",
    5 "unix",
    6 "grpc",
}

//! Loading, on trees in a temporary folder.
//! It never resolves names.

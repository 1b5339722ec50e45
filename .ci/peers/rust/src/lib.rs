//! What the server and the tests share.

pub mod dial;
pub mod serving;
pub mod stream;

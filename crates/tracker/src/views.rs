//! How answers look. A page is a struct of plain values with a template; the same values in JSON
//! are the answer for programs, so that the two cannot tell different things.

pub(crate) mod account;
pub(crate) mod cves;
pub(crate) mod error;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod lane;
pub(crate) mod packages;
pub(crate) mod parts;
pub(crate) mod service;
pub(crate) mod sign_in;
pub(crate) mod suggestions;
pub(crate) mod time;

pub(crate) use frame::Frame;

use serde::Serialize;

/// What an address answers.
pub(crate) trait Page: Serialize {
    /// The page.
    fn html(&self, frame: &Frame) -> askama::Result<String>;
}

/// Makes a type a page: `page!(Cves, "cves.html")`. The template finds it as `page`, and what all
/// pages share as `frame`.
macro_rules! page {
    ($page:ty, $template:tt) => {
        const _: () = {
            use askama::Template as _;

            #[derive(askama::Template)]
            #[template(path = $template)]
            struct Html<'p> {
                frame: &'p $crate::views::Frame,
                page: &'p $page,
            }

            impl $crate::views::Page for $page {
                fn html(&self, frame: &$crate::views::Frame) -> askama::Result<String> {
                    Html { frame, page: self }.render()
                }
            }
        };
    };
}
pub(crate) use page;

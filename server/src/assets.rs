//! The browser's half of the page, embedded and precompressed by `build.rs`. Chooses an encoding, answers, caches nothing.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A name with a content hash never changes its bytes.
const CACHE_HASHED: &str = "public, max-age=31536000, immutable";
/// Any other file is asked for again after a minute, and then costs a 304.
const CACHE_PLAIN: &str = "public, max-age=60, must-revalidate";

/// The embedded site; empty in a build without one.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) js: Option<&'static str>,
    pub(crate) wasm: Option<&'static str>,
    pub(crate) css: Option<&'static str>,
    pub(crate) files: &'static [Asset],
}

/// One embedded file and its compressed twins.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    content_type: &'static str,
    hashed: bool,
    etag: &'static str,
    raw: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

// Made by `build.rs`: `static SITE: Site`.
include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// The site in this binary.
pub(crate) fn site() -> &'static Site {
    &SITE
}

impl Site {
    /// The file at a path.
    pub(crate) fn find(&self, path: &str) -> Option<&'static Asset> {
        self.files.iter().find(|f| f.path == path)
    }
}

impl Asset {
    /// Answers GET or HEAD.
    pub(crate) fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
        let (encoding, bytes) = self.choose(accepted);
        // The tag names the bytes that go over the wire, so each encoding has its own.
        let etag = match encoding {
            None => self.etag.to_owned(),
            Some(name) => format!("{}-{name}\"", self.etag.trim_end_matches('"')),
        };
        let mut response = if crate::routes::etag_matches(headers, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if *method == Method::HEAD {
            ([(header::CONTENT_LENGTH, bytes.len())], Body::empty()).into_response()
        } else {
            Body::from(bytes).into_response()
        };
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let cache = if self.hashed { CACHE_HASHED } else { CACHE_PLAIN };
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            out.insert(header::ETAG, etag);
        }
        if let Some(name) = encoding {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn choose(&self, accepted: &str) -> (Option<&'static str>, &'static [u8]) {
        let allows = |name: &str| quality(accepted, name) > 0.0;
        match (self.br, self.gz) {
            (Some(bytes), _) if allows("br") => (Some("br"), bytes),
            (_, Some(bytes)) if allows("gzip") => (Some("gzip"), bytes),
            _ => (None, self.raw),
        }
    }
}

/// The weight a client gives an encoding; 0 where it does not name it.
fn quality(accepted: &str, name: &str) -> f32 {
    let weight = |wanted: &str| {
        accepted.split(',').find_map(|item| {
            let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
            if !coding.trim().eq_ignore_ascii_case(wanted) {
                return None;
            }
            Some(parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.trim().parse().unwrap_or(0.0)))
        })
    };
    weight(name).or_else(|| weight("*")).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    static ASSET: Asset = Asset {
        path: "/pkg/a.css",
        content_type: "text/css",
        hashed: true,
        etag: "\"00\"",
        raw: b"raw bytes",
        br: Some(b"br"),
        gz: Some(b"gz!"),
    };

    fn answer(accept: &str, if_none_match: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        headers.insert(header::IF_NONE_MATCH, if_none_match.parse().unwrap());
        ASSET.answer(&Method::GET, &headers)
    }

    fn encoding(response: &Response) -> &str {
        response.headers().get(header::CONTENT_ENCODING).map_or("", |v| v.to_str().unwrap())
    }

    #[test]
    fn the_smallest_encoding_the_client_takes_is_sent() {
        for (accept, wanted) in [
            ("gzip, deflate, br", "br"),
            ("br;q=0, gzip", "gzip"),
            ("gzip;q=0.5", "gzip"),
            ("*", "br"),
            ("identity", ""),
            ("", ""),
        ] {
            assert_eq!(encoding(&answer(accept, "")), wanted, "{accept:?}");
        }
    }

    #[test]
    fn a_known_tag_is_answered_with_304_and_each_encoding_has_its_own() {
        assert_eq!(answer("br", "\"00-br\"").status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("", "W/\"x\", \"00\"").status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer("", "\"00-br\"").status(), StatusCode::OK);
    }

    #[test]
    fn hashed_files_may_be_kept_for_ever() {
        let response = answer("br", "");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
    }
}

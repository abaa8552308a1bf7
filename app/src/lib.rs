//! The page: Leptos components that run on the server (ssr) and in the browser (hydrate).

//! Pages and the journey in a real browser: see web/e2e.

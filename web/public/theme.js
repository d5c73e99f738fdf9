// Runs before the first paint, so that a chosen theme never flashes the other one. A file of its own because of the CSP.
try {
  var theme = localStorage.getItem('omnibus.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  /* storage is blocked: the system theme is used */
}

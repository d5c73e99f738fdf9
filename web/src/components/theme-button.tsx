import { useState } from 'react'
import { MoonIcon, SunIcon, SystemIcon } from './icons'

type Theme = 'system' | 'light' | 'dark'
const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const KEY = 'omnibus.theme'

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system'
  }
}

function apply(theme: Theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
}

export function ThemeButton() {
  const [theme, setTheme] = useState(stored)
  const turn = () => {
    const chosen = next[theme]
    apply(chosen)
    setTheme(chosen)
  }
  return (
    <button
      type="button"
      onClick={turn}
      aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
      title={`Theme: ${theme}`}
      className="grid size-10 place-items-center rounded-control text-ink-soft hover:bg-sunken hover:text-ink"
    >
      {theme === 'system' ? <SystemIcon /> : theme === 'light' ? <SunIcon /> : <MoonIcon />}
    </button>
  )
}

import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useLive } from '../api/live-context'
import { statusQuery } from '../api/queries'
import { useAppConfig } from '../chain/app-config'
import { formatCount } from '../lib/amount'
import { tabTitle } from '../lib/text'
import { Dialog } from './dialog'
import { BasketIcon, DashboardIcon, ExitIcon, GovernIcon, LadderIcon, MoreIcon, OperateIcon, StakeIcon } from './icons'
import { ThemeButton } from './theme-button'
import { WalletButton, WrongNetwork } from './wallet'

/** In the order of the bar. A page is there when the deployment has its side. */
const PAGES = [
  { to: '/', label: 'Stake', icon: <StakeIcon />, side: 'liquid' },
  { to: '/exit', label: 'Exit', icon: <ExitIcon />, side: 'liquid' },
  { to: '/basket', label: 'Basket', icon: <BasketIcon />, side: 'basket' },
  { to: '/dashboard', label: 'Dashboard', icon: <DashboardIcon />, side: null },
  { to: '/validators', label: 'Validators', icon: <LadderIcon />, side: 'liquid' },
  { to: '/govern', label: 'Govern', icon: <GovernIcon />, side: 'basket' },
  { to: '/operate', label: 'Operate', icon: <OperateIcon />, side: null },
] as const

function usePages() {
  const { liquid, basket } = useAppConfig()
  return PAGES.filter(({ side }) => side === null || (side === 'liquid' ? liquid !== null : basket !== null))
}

/** What fits side by side on a phone. */
const BAR = 5

function TopNav() {
  const pages = usePages()
  return (
    <nav aria-label="Pages" className="hidden md:block">
      <ul className="flex gap-1">
        {pages.map((page) => (
          <li key={page.to}>
            <Link
              to={page.to}
              activeOptions={{ exact: true }}
              className="block rounded-control px-2 py-2 text-sm lg:px-3 font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent"
            >
              {page.label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const cell =
  'flex h-(--bar-height) w-full flex-col items-center justify-center gap-0.5 text-[11px] font-medium text-ink-soft aria-[current=page]:text-accent'

function BottomNav() {
  const pages = usePages()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [open, setOpen] = useState(false)
  const bar = pages.length > BAR ? pages.slice(0, BAR - 1) : pages
  const rest = pages.slice(bar.length)
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      <ul className="grid auto-cols-fr grid-flow-col">
        {bar.map((page) => (
          <li key={page.to}>
            <Link to={page.to} activeOptions={{ exact: true }} className={cell}>
              {page.icon}
              {page.label}
            </Link>
          </li>
        ))}
        {rest.length > 0 && (
          <li>
            <button
              type="button"
              onClick={() => setOpen(true)}
              aria-haspopup="dialog"
              className={`${cell} ${rest.some((page) => page.to === path) ? 'text-accent' : ''}`}
            >
              <MoreIcon />
              More
            </button>
          </li>
        )}
      </ul>
      <Dialog title="More pages" open={open} onClose={() => setOpen(false)}>
        <ul className="space-y-2">
          {rest.map((page) => (
            <li key={page.to}>
              <Link
                to={page.to}
                onClick={() => setOpen(false)}
                className="flex min-h-12 items-center gap-3 rounded-control px-4 font-medium ring-1 ring-line hover:bg-sunken aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent"
              >
                {page.icon}
                {page.label}
              </Link>
            </li>
          ))}
        </ul>
      </Dialog>
    </nav>
  )
}

/** Whether what the pages show is current, in one mark and one phrase. */
function LiveMark() {
  const phase = useLive()
  const status = useQuery(statusQuery)
  const lag = status.data?.lagBlocks ?? 0
  const [mark, text] = status.error
    ? ['bg-bad', 'Service unreachable, retrying']
    : phase !== 'live'
      ? ['bg-cooling', 'Reconnecting']
      : status.data && !status.data.indexed
        ? ['bg-cooling', 'Index is starting']
        : lag > 5
          ? ['bg-cooling', `Index ${lag} blocks behind`]
          : ['bg-good', 'Live']
  return (
    <span role="status" className="inline-flex items-center gap-2">
      <span aria-hidden="true" className={`size-2 rounded-full ${mark}`} />
      {text}
      {status.data?.indexed && (
        <span className="num text-ink-faint">· block {formatCount(status.data.indexed.number)}</span>
      )}
    </span>
  )
}

function Footer() {
  const config = useAppConfig()
  return (
    <footer className="mx-auto flex w-full max-w-6xl flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-6 text-sm text-ink-soft sm:px-6">
      <LiveMark />
      <span>
        {config.chainName}
        {config.accelerated && ` · clock runs ${config.clockFactor}× faster`}
      </span>
      <Link to="/risks" className="text-accent underline underline-offset-2">
        Known risks
      </Link>
      <Link to="/leave" className="text-accent underline underline-offset-2">
        Leave without us
      </Link>
    </footer>
  )
}

/** Moves focus to the content after a page change, as a page load would, and names the page in the tab. */
function useArrival() {
  const path = useRouterState({ select: (state) => state.location.pathname })
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    document.title = tabTitle(path)
    if (first.current) first.current = false
    else main.current?.focus({ preventScroll: true })
  }, [path])
  return main
}

export function Shell({ children, nav = true }: { children: ReactNode; nav?: boolean }) {
  return (
    <div className="flex min-h-dvh flex-col pb-(--bar-height) md:pb-0">
      <a
        href="#content"
        className="sr-only z-30 rounded-control bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-10 border-b border-line bg-surface">
        <div className="mx-auto flex h-16 w-full max-w-6xl items-center justify-between gap-3 px-4 sm:px-6">
          <div className="flex items-center gap-6">
            <span className="flex items-center gap-2.5 text-[17px] font-semibold tracking-tight">
              <img src="/favicon.svg" alt="" width="26" height="26" />
              {/* Between a phone's width and a desk's, the pages need the room. */}
              <span className="md:max-lg:hidden">Omnibus</span>
            </span>
            {nav && <TopNav />}
          </div>
          <div className="flex items-center gap-1.5">
            <ThemeButton />
            {nav && <WalletButton />}
          </div>
        </div>
      </header>
      {children}
      {nav && <BottomNav />}
    </div>
  )
}

export function Layout() {
  const main = useArrival()
  return (
    <Shell>
      <main
        id="content"
        ref={main}
        tabIndex={-1}
        className="mx-auto w-full max-w-6xl flex-1 px-4 py-6 outline-none sm:px-6 sm:py-10"
      >
        <WrongNetwork />
        <Outlet />
      </main>
      <Footer />
    </Shell>
  )
}

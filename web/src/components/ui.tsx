import { useState, type ButtonHTMLAttributes, type ReactNode } from 'react'
import { ApiError } from '../api/client'
import { useAppConfig } from '../chain/app-config'
import { formatAmount, formatExact } from '../lib/amount'
import { explorerLink, shortAddress, type ExplorerKind } from '../lib/text'
import { formatDate, formatEta } from '../lib/time'

type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info' | 'accent'

const toneClass: Record<Tone, string> = {
  neutral: 'bg-sunken text-ink-soft',
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  accent: 'bg-accent-soft text-accent',
}

/** The page's one `h1` and the sentence that says what the page is for. */
export function PageHead({ title, children }: { title: string; children: ReactNode }) {
  return (
    <header className="mb-6 sm:mb-8">
      <h1 className="text-2xl font-semibold sm:text-[1.75rem]">{title}</h1>
      <p className="mt-1.5 max-w-2xl text-ink-soft">{children}</p>
    </header>
  )
}

export function Card({
  title,
  aside,
  children,
  className = '',
}: {
  title?: string
  aside?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section className={`card min-w-0 p-5 sm:p-6 ${className}`}>
      {title && (
        <div className="mb-4 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
          <h2 className="text-base font-semibold">{title}</h2>
          {aside && <div className="text-sm text-ink-soft">{aside}</div>}
        </div>
      )}
      {children}
    </section>
  )
}

/** An amount with its unit; every digit on hover and for a screen reader's inspection. */
export function Amount({
  value,
  unit,
  digits,
  decimals,
  className = '',
}: {
  value: bigint
  unit: string
  digits?: number | undefined
  /** Of a token with other than 18. */
  decimals?: number
  className?: string
}) {
  return (
    <span className={`num ${className}`} title={`${formatExact(value, decimals)} ${unit}`}>
      {formatAmount(value, digits, decimals)} <span className="text-[0.85em] font-normal text-ink-soft">{unit}</span>
    </span>
  )
}

export function Coin({ value, digits, className }: { value: bigint; digits?: number; className?: string }) {
  const { nativeSymbol } = useAppConfig()
  return (
    <Amount
      value={value}
      unit={nativeSymbol}
      {...(digits === undefined ? {} : { digits })}
      className={className ?? ''}
    />
  )
}

export function Lst({ value, digits, className }: { value: bigint; digits?: number; className?: string }) {
  const { lstSymbol } = useAppConfig()
  return (
    <Amount value={value} unit={lstSymbol} {...(digits === undefined ? {} : { digits })} className={className ?? ''} />
  )
}

export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center rounded-full px-2.5 py-0.5 text-xs font-medium whitespace-nowrap ${toneClass[tone]}`}
    >
      {children}
    </span>
  )
}

/** A message that stays where it belongs. `role` makes a screen reader say failures at once and the rest when it is quiet. */
export function Notice({
  tone = 'info',
  title,
  children,
  action,
}: {
  tone?: Tone
  title?: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={`rounded-control px-4 py-3 text-sm ${toneClass[tone]}`}>
      {title && <p className="font-semibold">{title}</p>}
      {children && <div className={title ? 'mt-0.5 text-ink' : 'text-ink'}>{children}</div>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  )
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: 'primary' | 'quiet' | 'plain'; wide?: boolean }

const lookClass = {
  primary:
    'bg-accent text-accent-ink hover:bg-accent-hover disabled:bg-sunken disabled:text-ink-soft disabled:ring-1 disabled:ring-line',
  quiet: 'bg-surface text-ink ring-1 ring-line-strong hover:bg-sunken disabled:text-ink-soft disabled:ring-line',
  plain: 'text-accent hover:underline disabled:text-ink-soft',
}

export function Button({ look = 'primary', wide, className = '', type = 'button', ...rest }: ButtonProps) {
  const size = look === 'plain' ? 'min-h-6 px-0 text-sm' : wide ? 'min-h-12 w-full px-5' : 'min-h-10 px-4 text-sm'
  return (
    <button
      type={type}
      className={`rounded-control font-medium transition-colors ${size} ${lookClass[look]} ${className}`}
      {...rest}
    />
  )
}

/** Label left, value right; the list of facts under a form. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="divide-y divide-line text-sm">{children}</dl>
}

export function Fact({ label, hint, children }: { label: ReactNode; hint?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 py-2.5">
      <dt className="text-ink-soft">
        {label}
        {hint && <span className="block text-xs text-ink-faint">{hint}</span>}
      </dt>
      <dd className="ml-auto text-right font-medium">{children}</dd>
    </div>
  )
}

/** A figure with its name above. */
export function Stat({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-ink-soft">{label}</dt>
      {/* A long figure wraps before its unit rather than into its neighbour. */}
      <dd className="mt-0.5 text-lg font-semibold tracking-tight sm:text-xl [&_.num]:whitespace-normal">{children}</dd>
      {note && <dd className="mt-0.5 text-xs text-ink-faint">{note}</dd>}
    </div>
  )
}

/** Hashes and addresses are set in the fixed-width face, words in the text's own. */
const face = (text: string) => (text.startsWith('0x') ? 'font-mono text-[0.85em]' : '')

/** A transaction or address, linked to the explorer where the chain has one, and copyable where it has none. */
export function ChainLink({ kind, value, label }: { kind: ExplorerKind; value: string; label?: string }) {
  const { explorerUrl } = useAppConfig()
  const href = explorerLink(explorerUrl, kind, value)
  const text = label ?? shortAddress(value)
  // Nowhere to go: a label that promises a page would mislead, so the thing itself is shown, and copied.
  if (!href) return <CopyButton value={value} label={label === value ? label : shortAddress(value)} />
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer noopener"
      className={`text-accent underline underline-offset-2 ${face(text)}`}
    >
      {text}
      <span className="sr-only"> (opens the explorer in a new tab)</span>
    </a>
  )
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const [copied, setCopied] = useState(false)
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => {
        setCopied(true)
        setTimeout(() => setCopied(false), 1_500)
      },
      () => setCopied(false),
    )
  }
  return (
    <button
      type="button"
      onClick={copy}
      title={value}
      className="min-h-6 text-left underline decoration-dotted underline-offset-2 hover:text-accent"
    >
      <span className={`break-all ${face(label)}`}>{label}</span>
      <span className="sr-only">, copy</span>
      <span aria-live="polite" className="ml-1 inline-block text-xs text-good empty:ml-0">
        {copied ? 'copied' : ''}
      </span>
    </button>
  )
}

/** A moment that is to come: how long, and when exactly. */
export function When({ at, now }: { at: number | null | undefined; now: number }) {
  // What no calendar holds is a service's word for never.
  if (at === null || at === undefined || at > 8_640_000_000_000)
    return <span className="text-ink-soft">not known yet</span>
  return (
    <time dateTime={new Date(at * 1000).toISOString()}>
      <span className="whitespace-nowrap">{formatEta(at, now)}</span>{' '}
      <span className="font-normal whitespace-nowrap text-ink-soft">· {formatDate(at, now)}</span>
    </time>
  )
}

export function Progress({
  bps,
  label,
  tone = 'accent',
}: {
  bps: number
  label: string
  tone?: 'accent' | 'cooling' | 'matured'
}) {
  const fill = { accent: 'bg-active', cooling: 'bg-cooling', matured: 'bg-matured' }[tone]
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(bps / 100)}
      className="h-2 w-full overflow-hidden rounded-full bg-line"
    >
      <div className={`h-full rounded-full ${fill}`} style={{ width: `${bps / 100}%` }} />
    </div>
  )
}

export function Skeleton({ rows = 3 }: { rows?: number }) {
  return (
    <div role="status" className="space-y-3">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-4 animate-pulse rounded bg-line" style={{ width: `${92 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

type QueryLike<T> = { data: T | undefined; error: Error | null; refetch: () => unknown }

/** Waits, fails with a way out, or shows. Old data stays visible while a refetch fails. */
export function Loaded<T>({
  query,
  rows,
  children,
}: {
  query: QueryLike<T>
  rows?: number
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <Failure error={query.error} retry={() => query.refetch()} />
  return <Skeleton {...(rows === undefined ? {} : { rows })} />
}

export function Failure({ error, retry }: { error: Error; retry?: () => unknown }) {
  const hint = error instanceof ApiError ? error.hint : null
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
    return (
      <Notice tone="neutral" title={error.status === 401 ? 'Needs an access key' : 'This key does not open this'}>
        This service shows this to its viewers only. Enter a key under “Access key” on the Operate page.
      </Notice>
    )
  }
  return (
    <Notice
      tone="bad"
      title={error instanceof ApiError ? error.message : 'Something went wrong'}
      action={
        retry && (
          <Button look="quiet" onClick={() => void retry()}>
            Try again
          </Button>
        )
      }
    >
      {hint}
    </Notice>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="py-6 text-center text-sm text-ink-soft">{children}</p>
}

export function MoreButton({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  if (!query.hasNextPage) return null
  return (
    <div className="mt-4 text-center">
      <Button look="quiet" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {query.isFetchingNextPage ? 'Loading…' : 'Show more'}
      </Button>
    </div>
  )
}

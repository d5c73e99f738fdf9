/** Times are unix seconds of the chain's clock. A local chain may run faster than the wall, so `now` is always passed in. */

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

const unit = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

/** A length of time in at most two units, rounded up: a promise is never worded shorter than it is. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds))
  if (s === 0) return 'now'
  if (s < MINUTE) return 'under a minute'
  if (s <= 60 * MINUTE - MINUTE) return unit(Math.ceil(s / MINUTE), 'minute')
  const minutes = Math.ceil(s / MINUTE)
  if (minutes < 24 * 60) {
    const hours = Math.floor(minutes / 60)
    const rest = minutes % 60
    return rest ? `${hours} h ${rest} min` : unit(hours, 'hour')
  }
  const hours = Math.ceil(s / HOUR)
  const days = Math.floor(hours / 24)
  const rest = hours % 24
  return rest ? `${unit(days, 'day')} ${rest} h` : unit(days, 'day')
}

/** When something promised for `at` comes, seen at `now`. */
export function formatEta(at: number | null | undefined, now: number): string {
  if (at === null || at === undefined) return 'not known yet'
  if (at <= now) return 'due now'
  return `in ${formatDuration(at - now)}`
}

/** How long ago, rounded down: nothing is called older than it is. */
export function formatAgo(at: number | null | undefined, now: number): string {
  if (at === null || at === undefined) return 'never'
  const s = Math.max(0, Math.floor(now - at))
  if (s < 5) return 'just now'
  if (s < MINUTE) return `${s} s ago`
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min ago`
  if (s < DAY) return `${Math.floor(s / HOUR)} h ago`
  return `${unit(Math.floor(s / DAY), 'day')} ago`
}

const dateTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const dateTimeYear = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
})

/** The reader's own time zone; the year only when it is another one. */
export function formatDate(at: number, now: number): string {
  const date = new Date(at * 1000)
  const sameYear = date.getFullYear() === new Date(now * 1000).getFullYear()
  return (sameYear ? dateTime : dateTimeYear).format(date)
}

/** On a chain whose clock runs `factor` times faster, how long the reader waits. `null` where the clock is the real one. */
export function formatRealWait(at: number, now: number, factor: number): string | null {
  if (factor <= 1 || at <= now) return null
  return `about ${formatDuration((at - now) / factor)} on your clock`
}

/** The chain's time now: the last head, carried on at the chain's pace, but never further than the next head may be. */
export function chainNow(head: { timestamp: number; seenAt: number } | null, wallMs: number, factor: number): number {
  if (!head) return Math.floor(wallMs / 1000)
  const elapsed = Math.max(0, wallMs - head.seenAt) / 1000
  return Math.floor(head.timestamp + Math.min(elapsed, 120) * Math.max(1, factor))
}

/** Twenty minutes to sign and mine, by the reader's clock: on a chain that runs faster that is much more of its time. */
export function deadlineAt(now: number, factor: number): bigint {
  return BigInt(now) + BigInt(Math.ceil(1_200 * Math.max(1, factor)))
}

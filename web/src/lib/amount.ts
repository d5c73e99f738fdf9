/**
 * Amounts are `bigint` wei (10^-18 of a coin or token; a token with other decimals names them) from the API's decimal string to the screen and to the wallet.
 * Nothing here goes through a float, and what is shown is always rounded down: a person never sees more than there is.
 */

export const WEI = 10n ** 18n
/** Rates are scaled by 10^27. */
export const RAY = 10n ** 27n
export const BPS = 10_000n

const DECIMALS = 18

/** Reads a non-negative decimal string of wei as the API sends it. Throws on anything else: a wrong amount must not render. */
export function wei(text: string): bigint {
  if (!/^\d+$/.test(text)) throw new Error(`not an amount in wei: ${JSON.stringify(text)}`)
  return BigInt(text)
}

export type ParsedAmount =
  { ok: true; value: bigint } | { ok: false; reason: 'empty' | 'format' | 'ambiguous' | 'precision' | 'size' }

/**
 * Reads what a person typed, in whole coins, or tokens of other `decimals`: `1`, `1.5`, `.5`, `1,5`, `1 000.25`, `1,000.25`.
 * One comma alone is a decimal mark; commas before a point or repeated are grouping. `1,234` could be either: money does
 * not guess, it asks.
 */
export function parseAmount(input: string, decimals = DECIMALS): ParsedAmount {
  let text = input.replace(/[\s\u00a0\u202f'_]/g, '')
  if (text === '') return { ok: false, reason: 'empty' }
  const commas = text.split(',').length - 1
  if (commas > 0) {
    if (text.includes('.') || commas > 1) {
      // Grouping must be well-formed: a mark in the wrong place is a typing error.
      if (!/^\d{1,3}(,\d{3})+(\.\d*)?$/.test(text)) return { ok: false, reason: 'format' }
      text = text.replaceAll(',', '')
    } else {
      if (/^[1-9]\d{0,2},\d{3}$/.test(text)) return { ok: false, reason: 'ambiguous' }
      text = text.replace(',', '.')
    }
  }
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) return { ok: false, reason: 'format' }
  const [whole = '', fraction = ''] = text.split('.')
  if (fraction.replace(/0+$/, '').length > decimals) return { ok: false, reason: 'precision' }
  const value = BigInt(`${whole || '0'}${fraction.slice(0, decimals).padEnd(decimals, '0')}`)
  if (value >= 2n ** 128n) return { ok: false, reason: 'size' }
  return { ok: true, value }
}

/** All digits where they are needed, no grouping: what goes back into an input field, and what `parseAmount` reads. */
export function toInput(value: bigint, decimals = DECIMALS): string {
  const one = 10n ** BigInt(decimals)
  const whole = value / one
  const fraction = decimals === 0 ? '' : (value % one).toString().padStart(decimals, '0').replace(/0+$/, '')
  return fraction ? `${whole}.${fraction}` : whole.toString()
}

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** A count, grouped as amounts are: a page that mixed the reader's marks with ours would read `4.120` beside `1,284.5`. */
export function formatCount(count: number | bigint): string {
  return group(BigInt(count).toString())
}

function fixed(value: bigint, unit: bigint, scale: number, fractionDigits: number): string {
  const whole = group((value / unit).toString())
  if (fractionDigits === 0) return whole
  const fraction = (value % unit).toString().padStart(scale, '0').slice(0, fractionDigits).replace(/0+$/, '')
  return fraction ? `${whole}.${fraction}` : whole
}

/** For reading: grouped, rounded down, fewer digits the larger the amount. A non-zero amount never reads as zero. */
export function formatAmount(value: bigint, fractionDigits?: number, decimals = DECIMALS): string {
  if (value < 0n) return `−${formatAmount(-value, fractionDigits, decimals)}`
  const one = 10n ** BigInt(decimals)
  // A token of few decimals is worth much: under one of it, every digit counts.
  const most = value >= 10_000n * one ? 2 : value >= 100n * one ? 3 : value >= one ? 4 : decimals <= 8 ? 8 : 6
  const digits = Math.min(fractionDigits ?? most, decimals)
  const text = fixed(value, one, decimals, digits)
  if (text === '0' && value > 0n) return digits === 0 ? '<1' : `<0.${'0'.repeat(digits - 1)}1`
  return text
}

/** For a tooltip and for a screen reader: every digit. */
export function formatExact(value: bigint, decimals = DECIMALS): string {
  if (value < 0n) return `−${formatExact(-value, decimals)}`
  return fixed(value, 10n ** BigInt(decimals), decimals, decimals)
}

/** A rate scaled by 10^27, rounded down. It stands at 1 unless a loss was booked, so six digits are enough to show one. */
export function formatRate(ray: bigint): string {
  const [whole = '0', fraction = ''] = fixed(ray, RAY, 27, 6).split('.')
  return `${whole}.${fraction.padEnd(4, '0')}`
}

/** Basis points as a percentage, exact: 5 -> `0.05 %`, 1000 -> `10 %`. The space does not break: a lone `%` reads badly. */
export function formatBps(bps: number | bigint): string {
  const value = BigInt(bps)
  const fraction = (value % 100n).toString().padStart(2, '0').replace(/0+$/, '')
  return `${value / 100n}${fraction ? `.${fraction}` : ''}\u00a0%`
}

/** A growth: `+5.25 %`, `−0.1 %`. */
export function formatSignedBps(bps: number): string {
  return `${bps < 0 ? '−' : '+'}${formatBps(Math.abs(bps))}`
}

/** `part / whole` in basis points, rounded down, within 0..10000; 0 when there is nothing. */
export function shareBps(part: bigint, whole: bigint): number {
  if (whole <= 0n || part <= 0n) return 0
  const share = (part * BPS) / whole
  return Number(share > BPS ? BPS : share)
}

/** `amount * bps / 10000`, rounded down. */
export function ofBps(amount: bigint, bps: number | bigint): bigint {
  return (amount * BigInt(bps)) / BPS
}

/** The fee that the contract takes of `amount`, rounded up as the contract does: against the caller. */
export function feeOf(amount: bigint, bps: number | bigint): bigint {
  return (amount * BigInt(bps) + BPS - 1n) / BPS
}

/** Coin value of LST at a rate, rounded down as the contract does. */
export function lstToCoin(lst: bigint, rate: bigint): bigint {
  return (lst * rate) / RAY
}

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
export const sum = (values: Iterable<bigint>): bigint => {
  let total = 0n
  for (const value of values) total += value
  return total
}

import { getAddress, isAddress, type Address } from 'viem'
import { formatAmount } from './amount'
import { formatDuration } from './time'

/**
 * Names come from the chain, where anybody writes what they like. React escapes markup; what is left is characters
 * that hide, reorder or stack text so that a name reads as something else.
 */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|[\u{e0000}-\u{e0fff}]|[\ud800-\udfff]/gu
const STACKED = /(\p{M}{2})\p{M}+/gu

/** A validator's name as it may be shown: one line, no invisible or direction-changing characters, at most 48 characters. */
export function displayName(name: string | null | undefined, fallback: string): string {
  const clean = (name ?? '').normalize('NFC').replace(INVISIBLE, ' ').replace(STACKED, '$1').replace(/\s+/g, ' ').trim()
  if (clean === '') return fallback
  const characters = [...clean]
  return characters.length > 48 ? `${characters.slice(0, 47).join('')}…` : clean
}

export function shortAddress(address: string): string {
  return address.length > 12 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address
}

/** A typed address in the form that wallets show, or `null`. */
export function readAddress(text: string): Address | null {
  const trimmed = text.trim()
  return isAddress(trimmed, { strict: false }) ? getAddress(trimmed) : null
}

export type ExplorerKind = 'tx' | 'address'

/** A link into the chain's explorer, or `null` where there is none. Only http(s), whatever the configuration says. */
export function explorerLink(base: string | null | undefined, kind: ExplorerKind, value: string): string | null {
  if (!base || !/^https?:\/\//i.test(base)) return null
  return `${base.replace(/\/+$/, '')}/${kind}/${encodeURIComponent(value)}`
}

/** `stakeBus` -> `Stake bus`, `instant_exit` -> `Instant exit`. */
export function humanize(identifier: string): string {
  const words = displayName(identifier, '')
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * A sentence of the service (an alert's detail, a job's reason) as a person reads it: amounts in coins instead of wei,
 * long waits in hours and days, and each word cleaned like a name, for it may quote the chain. Whole numbers of 16 to 26
 * digits are wei: anything shorter is a count, a price or a time, anything longer a rate or a word of 256 bits.
 */
export function sentence(text: string, unit: string): string {
  const readable = text
    .split(/\s+/)
    .map((word) => displayName(word, ''))
    .join(' ')
    .replace(
      /(?<![\w.])(\d{16,26})(?![\w.]*\w)(?: wei\b)?/g,
      (_, digits: string) => `${formatAmount(BigInt(digits))} ${unit}`,
    )
    .replace(/(?<![\w.])(\d{3,9}) s\b/g, (_, seconds: string) => formatDuration(Number(seconds)))
    .replace(/^[a-z]+(?:[A-Z][a-z]*)+(?= is )/, humanize)
  return readable.length > 400 ? `${readable.slice(0, 399)}…` : readable
}

const TITLES: Record<string, string> = {
  '/': 'Stake',
  '/exit': 'Exit',
  '/basket': 'Basket',
  '/govern': 'Govern',
  '/risks': 'Known risks',
  '/dashboard': 'Dashboard',
  '/validators': 'Validators',
  '/operate': 'Operate',
  '/leave': 'Leave without us',
}

/** What the browser's tab says of a page. */
export function tabTitle(path: string): string {
  return `${TITLES[path.replace(/(?<=.)\/+$/, '')] ?? 'No such page'} · Omnibus`
}

/** One CSV cell. A leading `=`, `+`, `-` or `@` would be run as a formula by a spreadsheet, so it is quoted away. */
export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

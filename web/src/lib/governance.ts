import { decodeFunctionData, getAddress, keccak256, toHex, type Address, type Hex } from 'viem'
import type { GovernanceCall, OperationState, ProposalState, Tally } from '../api/types'
import { decisionAbi } from '../generated/abi'
import { formatAmount, formatBps, max, shareBps, wei } from './amount'
import { displayName, humanize, shortAddress } from './text'
import { formatDuration } from './time'

type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'info' | 'accent'

export const PROPOSAL: Record<ProposalState, { words: string; tone: Tone }> = {
  pending: { words: 'Vote not begun', tone: 'neutral' },
  active: { words: 'Vote runs', tone: 'accent' },
  canceled: { words: 'Cancelled', tone: 'neutral' },
  defeated: { words: 'Did not pass', tone: 'bad' },
  succeeded: { words: 'Passed, not queued', tone: 'good' },
  queued: { words: 'In the timelock', tone: 'info' },
  expired: { words: 'Expired', tone: 'neutral' },
  executed: { words: 'Carried out', tone: 'good' },
}

export const OPERATION: Record<OperationState, { words: string; tone: Tone }> = {
  waiting: { words: 'Delay runs', tone: 'info' },
  ready: { words: 'Can be carried out', tone: 'good' },
  done: { words: 'Done', tone: 'neutral' },
  canceled: { words: 'Cancelled', tone: 'neutral' },
}

/** The governor's number for a vote. */
export const SUPPORT = { against: 0, for: 1, abstain: 2 } as const
export type Support = keyof typeof SUPPORT

/** How a tally is drawn: parts of a scale that holds all votes and the quorum, in basis points; the quorum counts all but against. */
export function tallyOf(votes: Tally, quorum: bigint | null) {
  const [yes, no, neither] = [wei(votes.forVotes), wei(votes.againstVotes), wei(votes.abstainVotes)]
  const scale = max(yes + no + neither, quorum ?? 0n)
  return {
    for: shareBps(yes, scale),
    against: shareBps(no, scale),
    abstain: shareBps(neither, scale),
    quorum: quorum === null ? null : shareBps(quorum, scale),
    reached: quorum === null ? null : yes + neither >= quorum,
    passes: yes > no && quorum !== null && yes + neither >= quorum,
  }
}

/** Title and rest of what a proposer wrote: text from the chain, cleaned line by line. */
export function describe(description: string): { title: string; rest: string[] } {
  const lines = description
    .replace(SIGNED, '')
    .split(/\r?\n/)
    .slice(0, 40)
    .map((line) => {
      const clean = [...line].slice(0, 400).join('')
      // displayName keeps 48 characters: long lines are cleaned in words.
      return clean
        .split(/\s+/)
        .map((word) => displayName(word.replace(/^#+$/, ''), ''))
        .join(' ')
        .trim()
    })
    .filter((line) => line !== '')
  const [title = 'Without a title', ...rest] = lines
  return { title, rest }
}

/** What identifies a proposal to `queue` and `execute`. */
export function callsOf(calls: readonly GovernanceCall[], description: string) {
  return [
    calls.map((call) => getAddress(call.target)),
    calls.map((call) => wei(call.value)),
    calls.map((call) => call.data as Hex),
    keccak256(toHex(description)),
  ] as const
}

/** By its last line the governor takes a description from nobody else: a copy sent first would be another's to cancel. */
const SIGNED = /\s*#proposer=0x[0-9a-fA-F]{40}$/

/** What `propose` takes. */
export function proposeArgs(
  calls: readonly { target: Address; value: bigint; data: Hex }[],
  text: string,
  proposer: Address,
) {
  const description = `${text.trim()}\n\n#proposer=${proposer}`
  return [
    calls.map((call) => call.target),
    calls.map((call) => call.value),
    calls.map((call) => call.data),
    description,
  ] as const
}

const list = (values: readonly unknown[]): string => values.map((value) => plain(value)).join(', ')

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${list(value)}]`
  if (typeof value === 'object' && value !== null) return `(${list(Object.values(value))})`
  const text = String(value)
  return text.startsWith('0x') && text.length === 42 ? shortAddress(text) : text
}

/** What one call of a decision does, in a sentence, and the call itself. `names` are the sleeves' by number. */
export function tellCall(call: GovernanceCall, names: readonly string[], coin: string): { what: string; how: string } {
  const where = call.contract === null ? shortAddress(call.target) : humanize(call.contract)
  let decoded
  try {
    decoded = decodeFunctionData({ abi: decisionAbi, data: call.data as Hex })
  } catch {
    const name = call.function ?? (call.data === '0x' ? 'no data' : call.data.slice(0, 10))
    return { what: `${where}: ${name}`, how: call.data.length > 74 ? `${call.data.slice(0, 74)}…` : call.data }
  }
  const how = `${where}.${decoded.functionName}(${list(decoded.args ?? [])})`
  const sleeve = (id: bigint) => names[Number(id)] ?? `asset ${id}`
  // A contract that is not ours may mean something else by the same name.
  if (call.contract === null) return { what: `Calls ${where}`, how }
  switch (decoded.functionName) {
    case 'setWeights':
      return {
        what: `New target weights: ${decoded.args[0].map((bps, i) => `${names[i] ?? `asset ${i}`} ${formatBps(bps)}`).join(', ')}`,
        how,
      }
    case 'setFees': {
      const [entry, instant, management, performance] = decoded.args
      return {
        what: `Fees: entry ${formatBps(entry)}, instant exit ${formatBps(instant)}, management ${formatBps(management)} a year, performance ${formatBps(performance)} of yield`,
        how,
      }
    }
    case 'setCaps':
      return { what: `Caps, daily limit and band (${formatBps(decoded.args[3])}) of ${sleeve(decoded.args[0])}`, how }
    case 'setIdle':
      return {
        what: `Idle coins: floor ${formatAmount(decoded.args[0])} ${coin}, buffer ${formatAmount(decoded.args[1])} ${coin}`,
        how,
      }
    case 'setShareCap':
      return { what: `At most ${formatAmount(decoded.args[0])} shares`, how }
    case 'setDriftBps':
      return { what: `Rebalances from a drift of ${formatBps(decoded.args[0])} of a target`, how }
    case 'retireSleeve':
      return { what: `Retires ${sleeve(decoded.args[0])}`, how }
    case 'addSleeve':
      return { what: `Adds an asset: the code at ${shortAddress(decoded.args[0].sleeve)}`, how }
    case 'appoint':
      return { what: `Gives the guardian’s mandate to ${shortAddress(decoded.args[0])}`, how }
    case 'remove':
      return { what: 'Ends the guardian’s mandate', how }
    case 'updateDelay':
      return { what: `The timelock’s delay becomes ${formatDuration(Number(decoded.args[0]))}`, how }
    default:
      return { what: `${where}: ${humanize(decoded.functionName)}`, how }
  }
}

import type { Bucket, Validator } from '../api/types'
import { wei } from './amount'

/** What one bucket looks like on the ladder. Positions are shares of the axis in basis points: layout, not money. */
export type Rung = {
  index: number
  address: string
  active: bigint
  cooling: bigint
  state: Bucket['state']
  /** When its cooling part is back, unix seconds; `null` when nothing cools. */
  end: number | null
}

const ORDER: Record<Bucket['state'], number> = { matured: 0, cooling: 1, available: 2, retired: 3 }

/** Matured first, then what comes back soonest, then what only earns: the ladder reads from top to bottom in time. */
export function rungsOf(buckets: readonly Bucket[], now: number): Rung[] {
  return buckets
    .map((bucket): Rung => {
      const cooling = wei(bucket.cooling)
      // Between two answers of the service a bucket may mature: the clock decides, not the answer's age.
      const state = bucket.state === 'cooling' && bucket.nextAvailableTime <= now ? 'matured' : bucket.state
      return {
        index: bucket.index,
        address: bucket.address,
        active: wei(bucket.active),
        cooling,
        state,
        end: cooling > 0n ? bucket.nextAvailableTime : null,
      }
    })
    .sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.end ?? 0) - (b.end ?? 0) || a.index - b.index)
}

export type Totals = { active: bigint; cooling: bigint; matured: bigint; available: number; count: number }

export function totalsOf(rungs: readonly Rung[]): Totals {
  const totals: Totals = { active: 0n, cooling: 0n, matured: 0n, available: 0, count: rungs.length }
  for (const rung of rungs) {
    totals.active += rung.active
    if (rung.state === 'matured') totals.matured += rung.cooling
    else totals.cooling += rung.cooling
    if (rung.state === 'available') totals.available += 1
  }
  return totals
}

const HOUR = 3_600
const STEPS = [
  HOUR / 60,
  HOUR / 12,
  HOUR / 4,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  48 * HOUR,
  72 * HOUR,
  168 * HOUR,
  336 * HOUR,
  720 * HOUR,
]

export type Axis = { span: number; ticks: { after: number; label: string }[] }

/** `+3 d`, `+12 h`, `+15 min`. */
function tickLabel(after: number): string {
  if (after === 0) return 'now'
  if (after % (24 * HOUR) === 0) return `+${after / (24 * HOUR)} d`
  if (after % HOUR === 0) return `+${after / HOUR} h`
  return `+${Math.round(after / 60)} min`
}

/** One axis for all validators, so that their ladders compare: from now to just past the last return, with few round ticks. */
export function axisOf(validators: readonly Validator[], now: number, most = 5): Axis {
  let last = 0
  for (const validator of validators) {
    for (const bucket of validator.buckets) {
      if (wei(bucket.cooling) > 0n) last = Math.max(last, bucket.nextAvailableTime - now)
    }
    if (validator.nextDepartureAt !== null) last = Math.max(last, validator.nextDepartureAt - now)
  }
  const span = Math.ceil(Math.max(last, HOUR) * 1.04)
  const step = STEPS.find((each) => span / each <= most) ?? Math.ceil(span / most / (720 * HOUR)) * 720 * HOUR
  const ticks = []
  for (let after = 0; after <= span; after += step) ticks.push({ after, label: tickLabel(after) })
  return { span, ticks }
}

/** Where a moment lies on the axis, in basis points, kept inside. */
export function placeOf(at: number, now: number, axis: Axis): number {
  return Math.round((Math.min(Math.max(at - now, 0), axis.span) * 10_000) / axis.span)
}

export type Return = { from: number; to: number; amount: bigint }

/** What comes back per slice of the axis. What is matured but not swept counts into the first slice. */
export function returnsOf(rungs: readonly Rung[], now: number, axis: Axis, slices: number): Return[] {
  const width = axis.span / slices
  const out: Return[] = Array.from({ length: slices }, (_, i) => ({ from: i * width, to: (i + 1) * width, amount: 0n }))
  for (const rung of rungs) {
    if (rung.end === null) continue
    const slot = out[Math.min(slices - 1, Math.floor(Math.max(0, rung.end - now) / width))]
    if (slot) slot.amount += rung.cooling
  }
  return out
}

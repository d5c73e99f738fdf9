import { describe, expect, it } from 'vitest'
import type { Bucket, Validator } from '../api/types'
import { axisOf, placeOf, returnsOf, rungsOf, totalsOf } from './ladder'

const DAY = 86_400
const NOW = 1_000_000

const bucket = (index: number, state: Bucket['state'], active: bigint, cooling: bigint, end = 0): Bucket => ({
  index,
  address: `0x${index}`,
  active: active.toString(),
  cooling: cooling.toString(),
  nextAvailableTime: end,
  state,
})

const BUCKETS = [
  bucket(0, 'available', 100n, 0n),
  bucket(1, 'cooling', 5n, 40n, NOW + 10 * DAY),
  bucket(2, 'cooling', 0n, 60n, NOW + 3 * DAY),
  bucket(3, 'matured', 0n, 7n, NOW - DAY),
  bucket(4, 'cooling', 0n, 9n, NOW - 1),
  bucket(5, 'retired', 0n, 0n),
]
const validator = (buckets: Bucket[]): Validator => ({
  id: 1,
  name: '',
  active: true,
  slashed: false,
  slashVotes: 0,
  weightBps: 0,
  totalStaked: '0',
  ourStake: '0',
  capacity: null,
  percentageHeadroom: null,
  commissionBps: 0,
  score: 0,
  buckets,
  nextDepartureAt: null,
  queued: '0',
})

describe('the bucket ladder', () => {
  it('reads from top to bottom in time', () => {
    expect(rungsOf(BUCKETS, NOW).map((rung) => rung.index)).toEqual([3, 4, 2, 1, 0, 5])
  })

  it('calls a bucket matured by the clock, not by the age of the answer', () => {
    expect(rungsOf(BUCKETS, NOW).find((rung) => rung.index === 4)?.state).toBe('matured')
    expect(rungsOf(BUCKETS, NOW - 2).find((rung) => rung.index === 4)?.state).toBe('cooling')
  })

  it('counts every wei once', () => {
    expect(totalsOf(rungsOf(BUCKETS, NOW))).toEqual({
      active: 105n,
      cooling: 100n,
      matured: 16n,
      available: 1,
      count: 6,
    })
  })

  it('puts what comes back into slices without losing any', () => {
    const axis = axisOf([validator(BUCKETS)], NOW)
    const slices = returnsOf(rungsOf(BUCKETS, NOW), NOW, axis, 12)
    expect(slices.reduce((sum, each) => sum + each.amount, 0n)).toBe(116n)
    expect(slices[0]?.amount).toBe(16n)
    expect(slices.at(-1)?.amount).toBe(40n)
  })

  it('has an axis with few round ticks, also when nothing cools and when it is years', () => {
    for (const span of [1, 60, 3_600, DAY, 9 * DAY, 21 * DAY, 200 * DAY, 4_000 * DAY]) {
      const axis = axisOf([validator([bucket(0, 'cooling', 0n, 1n, NOW + span)])], NOW)
      expect(axis.span).toBeGreaterThanOrEqual(span)
      expect(axis.ticks.length).toBeGreaterThan(1)
      expect(axis.ticks.length).toBeLessThanOrEqual(6)
      expect(axis.ticks[0]?.label).toBe('now')
    }
    expect(axisOf([], NOW).span).toBeGreaterThan(0)
  })

  it('keeps places on the axis', () => {
    const axis = axisOf([validator(BUCKETS)], NOW)
    expect(placeOf(NOW - 5, NOW, axis)).toBe(0)
    expect(placeOf(NOW + 9_999 * DAY, NOW, axis)).toBe(10_000)
  })
})

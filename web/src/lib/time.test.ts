import { describe, expect, it } from 'vitest'
import { chainNow, deadlineAt, formatAgo, formatDuration, formatEta, formatRealWait } from './time'

const MIN = 60
const H = 3600
const D = 86_400

describe('wording of times', () => {
  it.each([
    [0, 'now'],
    [1, 'under a minute'],
    [59, 'under a minute'],
    [60, '1 minute'],
    [61, '2 minutes'],
    [59 * MIN, '59 minutes'],
    [59 * MIN + 1, '1 hour'],
    [H, '1 hour'],
    [H + 1, '1 h 1 min'],
    [23 * H + 59 * MIN, '23 h 59 min'],
    [24 * H, '1 day'],
    [24 * H + 1, '1 day 1 h'],
    [21 * D, '21 days'],
    [21 * D + 23 * H, '21 days 23 h'],
    [21 * D + 23 * H + 1, '22 days'],
  ])('%s seconds is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it('never words a promise shorter than it is', () => {
    const read = (text: string): number => {
      if (text === 'now') return 0
      if (text === 'under a minute') return MIN
      const units: Record<string, number> = { d: D, h: H, m: MIN }
      return [...text.matchAll(/(\d+) ([dhm])/g)].reduce(
        (sum, [, n, u]) => sum + Number(n) * (units[u ?? ''] ?? NaN),
        0,
      )
    }
    for (let s = 0; s < 40 * D; s += 97) {
      const shown = read(formatDuration(s))
      expect(shown).toBeGreaterThanOrEqual(s)
      expect(shown - s).toBeLessThanOrEqual(s >= 24 * H ? H : MIN)
    }
  })

  it('words an eta that is unknown, past and ahead', () => {
    expect(formatEta(null, 100)).toBe('not known yet')
    expect(formatEta(undefined, 100)).toBe('not known yet')
    expect(formatEta(100, 100)).toBe('due now')
    expect(formatEta(99, 100)).toBe('due now')
    expect(formatEta(100 + 21 * D + 23 * H, 100)).toBe('in 21 days 23 h')
  })

  it('never words something older than it is', () => {
    expect(formatAgo(null, 0)).toBe('never')
    expect(formatAgo(100, 104)).toBe('just now')
    expect(formatAgo(100, 50)).toBe('just now')
    expect(formatAgo(0, 59)).toBe('59 s ago')
    expect(formatAgo(0, 3599)).toBe('59 min ago')
    expect(formatAgo(0, D - 1)).toBe('23 h ago')
    expect(formatAgo(0, D)).toBe('1 day ago')
  })

  it('says the real wait only where the chain runs faster', () => {
    expect(formatRealWait(1000, 0, 1)).toBeNull()
    expect(formatRealWait(0, 1000, 60)).toBeNull()
    expect(formatRealWait(21 * D, 0, 1440)).toBe('about 21 minutes on your clock')
  })

  it('leaves the same time to sign on every clock', () => {
    expect(deadlineAt(1_000, 1)).toBe(2_200n)
    expect(deadlineAt(1_000, 0)).toBe(2_200n)
    expect(deadlineAt(1_000, 5_000)).toBe(6_001_000n)
  })

  it('carries the head on at the pace of the chain, but not for ever', () => {
    expect(chainNow(null, 5_000, 1)).toBe(5)
    expect(chainNow({ timestamp: 1000, seenAt: 0 }, 10_000, 1)).toBe(1010)
    expect(chainNow({ timestamp: 1000, seenAt: 0 }, 10_000, 60)).toBe(1600)
    expect(chainNow({ timestamp: 1000, seenAt: 10_000 }, 0, 60)).toBe(1000)
    expect(chainNow({ timestamp: 1000, seenAt: 0 }, 10_000_000, 1)).toBe(1120)
  })
})

import { describe, expect, it } from 'vitest'
import {
  atLeast,
  atMost,
  dayOf,
  isCoin,
  legUnit,
  legWords,
  maskOf,
  parsePercent,
  parseWeights,
  percentInput,
  priceOfOne,
  setWeights,
  unitOf,
  worthOf,
} from './basket'

describe('what is sent with a transaction', () => {
  it('accepts half a percent less and gives half a percent more, each rounded for the one who signs', () => {
    expect(atLeast(1_000n)).toBe(995n)
    expect(atLeast(199n)).toBe(199n)
    expect(atMost(1_000n)).toBe(1_005n)
    expect(atMost(1n)).toBe(2n)
    expect(atMost(0n)).toBe(0n)
  })

  it('names legs by their bits', () => {
    expect(maskOf([])).toBe(0n)
    expect(maskOf([0, 2])).toBe(5n)
    expect(maskOf([7])).toBe(128n)
  })

  it('reckons a worth with the price of 10^18 units, whatever the decimals', () => {
    // A BTC of 8 decimals at 200,000 coins: a price of 2e33.
    expect(worthOf(1n, 2n * 10n ** 33n)).toBe(2n * 10n ** 15n)
    expect(priceOfOne(2n * 10n ** 33n, 8)).toBe(200_000n * 10n ** 18n)
    expect(priceOfOne(11n * 10n ** 17n, 18)).toBe(11n * 10n ** 17n)
  })
})

describe('the day', () => {
  it('ends for requests an hour before the dawn, in UTC', () => {
    const noon = Date.UTC(2026, 10, 27, 12) / 1000
    expect(dayOf(noon)).toEqual({
      duskAt: Date.UTC(2026, 10, 27, 23) / 1000,
      dawnAt: Date.UTC(2026, 10, 28) / 1000,
    })
  })
})

describe('weights', () => {
  it('are read as they are typed, exactly', () => {
    expect(parsePercent('12.5')).toBe(1_250)
    expect(parsePercent('33,33 %')).toBe(3_333)
    expect(parsePercent('100')).toBe(10_000)
    expect(parsePercent('0')).toBe(0)
    for (const text of ['', '100.01', '101', '-1', '1e2', '12.345', 'x', '.5']) expect(parsePercent(text)).toBeNull()
  })

  it('come back as they were typed', () => {
    for (let bps = 0; bps <= 10_000; bps++) expect(parsePercent(percentInput(bps))).toBe(bps)
  })

  it('are whole at 10,000 basis points, and nothing else', () => {
    const none = [false, false, false]
    expect(parseWeights(['50', '30.5', '19.5'], none)).toEqual({ ok: true, bps: [5_000, 3_050, 1_950], sum: 10_000 })
    expect(parseWeights(['50', '30', '19.99'], none)).toMatchObject({ ok: false, sum: 9_999 })
    expect(parseWeights(['50', 'x', '50'], none)).toMatchObject({
      ok: false,
      problems: [null, expect.any(String), null],
    })
  })

  it('give a retired sleeve nothing, whatever its field says', () => {
    expect(parseWeights(['60', '7', '40'], [false, true, false])).toEqual({
      ok: true,
      bps: [6_000, 0, 4_000],
      sum: 10_000,
    })
  })

  it('are encoded as the contract takes them', () => {
    const target = '0x00000000000000000000000000000000000000b5'
    expect(setWeights(target, [6_000, 4_000])).toEqual({
      target,
      value: 0n,
      data:
        '0xbbc7dc36' +
        '0000000000000000000000000000000000000000000000000000000000000020' +
        '0000000000000000000000000000000000000000000000000000000000000002' +
        '0000000000000000000000000000000000000000000000000000000000001770' +
        '0000000000000000000000000000000000000000000000000000000000000fa0',
    })
  })
})

describe('a leg', () => {
  it('says what it does', () => {
    expect(legWords({ state: 'waiting', claimable: 0n, paid: 0n }).words).toBe('Waiting to start')
    expect(legWords({ state: 'out', claimable: 0n, paid: 0n }).words).toBe('On its way')
    expect(legWords({ state: 'out', claimable: 3n, paid: 1n }).words).toBe('Partly back')
    expect(legWords({ state: 'out', claimable: 0n, paid: 1n }).words).toBe('Partly paid')
    expect(legWords({ state: 'done', claimable: 3n, paid: 0n }).words).toBe('Ready to claim')
    expect(legWords({ state: 'done', claimable: 0n, paid: 3n }).words).toBe('Paid out')
    expect(legWords({ state: 'done', claimable: 0n, paid: 0n }).words).toBe('Nothing came')
  })
})

describe('amounts of an asset', () => {
  const btc = { token: '0x8034aB88C3512246Bf7894f57C834DdDBd1De01F', symbol: 'coreBTC', decimals: 8 }
  const coin = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'

  it('are in the coin or in the token, by its own decimals', () => {
    expect(isCoin(coin)).toBe(true)
    expect(isCoin(btc.token)).toBe(false)
    expect(unitOf(btc, 'CORE')).toEqual({ unit: 'coreBTC', decimals: 8 })
    expect(unitOf({ token: coin, symbol: 'other', decimals: null }, 'CORE')).toEqual({ unit: 'CORE', decimals: 18 })
    expect(unitOf({ ...btc, decimals: null }, 'CORE').decimals).toBe(0)
  })

  it('o16_show a hostile symbol as one line of text, and none as an address', () => {
    expect(unitOf({ ...btc, symbol: '\u202eCTB\u200b' }, 'CORE').unit).toBe('CTB')
    expect(unitOf({ ...btc, symbol: null }, 'CORE').unit).toBe('0x8034…e01F')
  })

  it('of a leg are in what it is paid in', () => {
    expect(legUnit(coin, btc, 'CORE')).toEqual({ unit: 'CORE', decimals: 18 })
    expect(legUnit(btc.token, btc, 'CORE')).toEqual({ unit: 'coreBTC', decimals: 8 })
    expect(legUnit(null, btc, 'CORE')).toEqual({ unit: 'coreBTC', decimals: 8 })
    expect(legUnit(null, undefined, 'CORE').decimals).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { csvCell, displayName, explorerLink, humanize, shortAddress } from './text'

describe('o16_hostile_names', () => {
  it.each([
    ['Plain name', 'Plain name'],
    ['', 'Validator 7'],
    ['   \u200b\u200d ', 'Validator 7'],
    ['\u202eevil', 'evil'],
    ['two\nlines\tand\u0000nul', 'two lines and nul'],
    ['zero\u200bwidth', 'zero width'],
    ['\u2066isolate\u2069', 'isolate'],
    ['tag\u{e0041}s', 'tag s'],
    ['half \ud800 pair', 'half pair'],
    ['Žižkov Ünïcode 東京', 'Žižkov Ünïcode 東京'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('o16_shows %j as %j', (name, shown) => {
    expect(displayName(name, 'Validator 7')).toBe(shown)
  })

  it('o16_bounds the length by characters, and stacks of marks', () => {
    expect([...displayName('a'.repeat(10_000), 'x')]).toHaveLength(48)
    expect([...displayName('😀'.repeat(100), 'x')]).toHaveLength(48)
    expect([...displayName(`q${'\u0323'.repeat(500)}r`, 'x')].length).toBeLessThan(6)
    expect(displayName(null, 'x')).toBe('x')
  })

  it('o16_links only to http(s), with the value encoded', () => {
    expect(explorerLink(null, 'tx', '0x1')).toBeNull()
    expect(explorerLink('javascript:alert(1)//', 'tx', '0x1')).toBeNull()
    expect(explorerLink('https://e.example/', 'tx', '0x1')).toBe('https://e.example/tx/0x1')
    expect(explorerLink('https://e.example', 'address', '../"<x>')).toBe('https://e.example/address/..%2F%22%3Cx%3E')
  })

  it('o16_writes CSV cells that no spreadsheet runs', () => {
    expect(csvCell('=HYPERLINK("x")')).toBe('"\'=HYPERLINK(""x"")"')
    expect(csvCell('-1')).toBe("'-1")
    expect(csvCell('a,b')).toBe('"a,b"')
    expect(csvCell(null)).toBe('')
    expect(csvCell(12)).toBe('12')
  })
})

describe('wording of identifiers', () => {
  it('reads as words', () => {
    expect(humanize('stakeBus')).toBe('Stake bus')
    expect(humanize('exit-bus')).toBe('Exit bus')
    expect(humanize('RungAlreadyClosed')).toBe('Rung already closed')
    expect(shortAddress('0x1234567890abcdef1234567890abcdef12345678')).toBe('0x1234…5678')
  })
})

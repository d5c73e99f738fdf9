/** What makes a page bad for somebody: text that is cut off or hangs over, and what axe calls serious or critical. */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

export const OUT = fileURLToPath(new URL('./out', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [390, 1280]
const THEMES = ['light', 'dark'] as const
/** Between the two, where columns are at their narrowest: looked at for overflow only. */
const TABLET = 768
/** Pictures are for people; the gate takes them only of what is bad. */
const PICTURES = process.env.PICTURES !== '0'

let looks = 0
/** How often a page was looked at, in one theme and at one width. */
export const looked = () => looks

function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const screen = document.documentElement.clientWidth
    const out: string[] = []
    if (document.documentElement.scrollWidth > screen)
      out.push(`page is ${document.documentElement.scrollWidth} px wide`)
    // Also what an ancestor hides: text that is cut off is as bad as text that hangs over.
    for (const element of document.querySelectorAll<HTMLElement>('main *, header *, nav *, footer *')) {
      if (element.closest('svg') && element.tagName !== 'svg') continue
      if (element.closest('.sr-only, [class*="overflow-auto"]')) continue
      const box = element.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) continue
      if (box.right > screen + 1 || box.left < -1)
        out.push(
          `<${element.tagName.toLowerCase()}> “${element.innerText?.slice(0, 40)}” reaches ${Math.round(box.left)}..${Math.round(box.right)}`,
        )
      const style = getComputedStyle(element)
      // Content that is wider than its own box lies over its neighbour.
      if (
        element.clientWidth > 0 &&
        style.overflowX === 'visible' &&
        element.scrollWidth > element.clientWidth + 1 &&
        element.innerText
      )
        out.push(`<${element.tagName.toLowerCase()}> “${element.innerText.slice(0, 40)}” hangs over its box`)
      if (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1 && element.innerText)
        out.push(`<${element.tagName.toLowerCase()}> “${element.innerText.slice(0, 40)}” is cut off`)
    }
    return out
  })
}

async function axe(page: Page, where: string): Promise<string[]> {
  // As a function of the page, not a script element: the page's CSP stays in force for everything else.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const results = (await page.evaluate(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"], preload: false, iframes: false })',
  )) as AxeResults
  const findings = results.violations.map((violation) => {
    const nodes = violation.nodes
      .slice(0, 4)
      .map((node) => `${node.target.join(' ')}: ${node.failureSummary?.split('\n').slice(1, 3).join(' ').trim()}`)
    return { impact: violation.impact, text: `${violation.impact} ${violation.id}: ${nodes.join(' | ')}` }
  })
  for (const finding of findings) {
    if (finding.impact !== 'serious' && finding.impact !== 'critical') console.log(`    ${where}: ${finding.text}`)
  }
  return findings
    .filter((finding) => finding.impact === 'serious' || finding.impact === 'critical')
    .map((finding) => finding.text)
}

/** Looks at the page as it stands, light and dark, on a phone and on a desk. The findings; none is the only good answer. */
export async function look(page: Page, name: string, fullPage = true): Promise<string[]> {
  const bad: string[] = []
  mkdirSync(OUT, { recursive: true })
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme })
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 900 })
      // A colour that is inherited changes a frame later at each depth: until then axe sees the other theme's.
      await page.waitForFunction(() =>
        document.getAnimations().every((each) => !(each instanceof CSSTransition) || each.playState === 'finished'),
      )
      const where = `${name}-${theme}-${width}`
      const found = [...(await overflow(page)), ...(await axe(page, where))]
      looks += 1
      bad.push(...found.map((text) => `${where}: ${text}`))
      if (PICTURES || found.length > 0) await page.screenshot({ path: join(OUT, `${where}.png`), fullPage })
    }
  }
  await page.setViewportSize({ width: TABLET, height: 900 })
  bad.push(...(await overflow(page)).map((text) => `${name}-${TABLET}: ${text}`))
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
  return bad
}

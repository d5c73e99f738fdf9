import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'

/** Debian's Chromium with a throwaway profile. CHROMIUM names another one. */
export async function launch(): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: apt-get install -y chromium, or set CHROMIUM`)
  }
  const profile = mkdtempSync(join(tmpdir(), 'omnibus-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
    ],
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  context.setDefaultTimeout(15_000)
  // tsx names functions through a helper that a function handed to the page does not find there.
  await context.addInitScript({ content: 'globalThis.__name ??= (f) => f' })
  return {
    context,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** Everything a page complained about; an e2e run ends with this empty, apart from what it provoked on purpose. */
export function complaints(page: Page): string[] {
  const out: string[] = []
  page.on('pageerror', (error) => out.push(`page error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') out.push(`console: ${message.text()} (${message.location().url})`)
  })
  return out
}

export function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`check failed: ${what}`)
  console.log(`ok  ${what}`)
}

export function equal<T>(actual: T, expected: T, what: string): void {
  if (actual !== expected) throw new Error(`check failed: ${what}: got ${String(actual)}, expected ${String(expected)}`)
  console.log(`ok  ${what}: ${String(actual)}`)
}

/** Asks until `probe` gives something. Conditions, not sleeps: the pause only bounds how often is asked. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  let last: unknown = null
  for (;;) {
    try {
      const found = await probe()
      if (found) return found
      last = null
    } catch (error) {
      last = error
    }
    if (Date.now() > end) {
      throw new Error(`timed out after ${timeoutMs} ms: ${what}${last instanceof Error ? ` (${last.message})` : ''}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

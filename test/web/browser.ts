// A real browser without a window, or null, loudly, where there is none.

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import type t from 'tap'

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launchBrowser(test: typeof t): Promise<Browser | null> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) {
    test.comment(`NO BROWSER: ${executablePath} is absent, the page was not tested. Install chromium.`)
    test.pass('skipped', { skip: 'no Chromium' })
    return null
  }
  const browser = await chromium.launch({ executablePath, args: ARGS })
  test.teardown(() => browser.close())
  return browser
}

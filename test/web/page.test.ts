// The page in a real browser, without a window. Skipped, loudly, where there is no Chromium.

import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { OWNER, type Started, started } from '../gateway/start.ts'
import { fakePlan } from '../support/fake-engine.ts'
import { launchBrowser } from './browser.ts'

const shots = process.env['CLAW_SCREENSHOTS']
const browser = await launchBrowser(t)

if (browser !== null) {
  /** A fresh profile; anything the page complains about fails the test. */
  const visit = async (
    t: { teardown(done: () => unknown): void; fail(name: string): unknown },
    url: string,
    options: object = {},
  ): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    t.teardown(() => {
      page.removeAllListeners()
      return context.close()
    })
    page.on('pageerror', (error) => t.fail(`the page threw: ${error.message}`))
    page.on(
      'console',
      (message) => message.type() === 'error' && !/401|403|409/.test(message.text()) && t.fail(`console: ${message.text()}`),
    )
    await page.goto(url)
    return page
  }
  const shot = async (page: Page, name: string): Promise<void> => {
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`) })
  }
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message').fill(text)
    await page.getByLabel('Message').press('Enter')
  }
  const ownerPage = async (t: Parameters<typeof visit>[0], { gateway }: Started, options: object = {}): Promise<Page> => {
    const page = await visit(t, `${gateway.url}/#key=${OWNER}`, options)
    await page.getByRole('button', { name: 'Agents' }).waitFor()
    return page
  }

  t.test('a guest chats and sees nothing else', async (t) => {
    const { gateway } = await started(t)
    const page = await visit(t, gateway.url)
    await page.getByText('connected', { exact: true }).waitFor()
    await say(page, 'Hello **you**, <img src=x onerror=alert(1)>')
    await page.locator('.theirs strong', { hasText: 'you' }).waitFor()
    t.match(await page.locator('.theirs').last().textContent(), '<img src=x onerror=alert(1)>', 'markup stays text')
    t.equal(await page.locator('.message img').count(), 0)
    t.equal(await page.getByRole('button', { name: 'Agents' }).count(), 0)
    await page.getByText('what guests see').waitFor()
    await say(page, 'refuse rate_limit')
    await page.getByText('Try again in 12 minutes').waitFor()
    await say(page, 'run rm -rf /')
    await page.getByText('Waiting for an owner to answer').waitFor()
    t.equal(await page.getByRole('button', { name: 'Allow once' }).count(), 0)
    await shot(page, 'guest')
  })

  t.test('the owner’s key leaves the address, and approving is a button', async (t) => {
    const own = await started(t)
    const page = await ownerPage(t, own)
    t.notMatch(page.url(), OWNER)
    t.equal(await page.getByLabel('You').inputValue(), 'mehdi', 'the owner, as the configuration knows them')
    t.equal(await page.getByText('what guests see').isVisible(), false)
    await say(page, 'run git push \u202e--force')
    const card = page.getByRole('article', { name: 'Approval ap1' })
    await card.waitFor()
    t.equal(await card.locator('pre').textContent(), 'git push \\u202e--force', 'shown in full with escapes')
    await shot(page, 'approval')
    await card.getByRole('button', { name: 'Allow once' }).click()
    await page.getByText('Ran git push').waitFor()
    await page.getByText('Allowed once').waitFor()
    t.equal(await page.locator('details.tool.running').count(), 0)
    await page.reload()
    await page.getByText('Ran git push').waitFor()
    t.pass('a reload of the page shows the conversation again')
  })

  t.test('every view', async (t) => {
    const own = await started(t)
    const page = await ownerPage(t, own)
    await say(
      page,
      '# Plan\n\n1. *first*\n2. `second`\n   - nested\n\n> quoted\n\n```js\nconst x = 1 < 2\n```\n\n[site](https://example.org) [bad](javascript:alert(1)) ![pic](https://example.org/p.png)',
    )
    await page.locator('.theirs pre code').waitFor()
    t.equal(await page.locator('.theirs pre code').textContent(), 'const x = 1 < 2')
    t.same(await page.locator('.theirs a').evaluateAll((links) => links.map((one) => one.getAttribute('href'))), [
      'https://example.org',
      'https://example.org/p.png',
    ])
    await shot(page, 'markdown')
    const go = (name: string): Promise<void> => page.getByRole('navigation').getByRole('button', { name }).click()
    await own.post('/chat', { user_id: 'ann', message: '/research sushi' })
    await go('Activity')
    await page.getByText('http:ann → researcher: sushi').waitFor()
    await shot(page, 'activity')
    await go('Agents')
    await page.getByText('demo/scripted · permissions: ask').first().waitFor()
    await page.getByText('prefix /research').waitFor()
    await shot(page, 'agents')
    await page.getByRole('button', { name: 'Stop' }).first().click()
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByRole('button', { name: 'Stop' }).first().waitFor()
    await go('Sessions')
    await page.getByRole('button', { name: 'agent:researcher:http:ann' }).click()
    await page.getByText('You said: sushi').waitFor()
    await shot(page, 'transcript')
    await page.getByRole('button', { name: 'All sessions' }).click()
    await page.getByRole('button', { name: 'agent:researcher:http:ann' }).waitFor()
    await shot(page, 'sessions')
    await go('Heartbeats')
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText('Started.').waitFor()
    await shot(page, 'heartbeats')
    await go('Reloads')
    await page.getByText('Did you mean "agents"?').waitFor()
    await page.getByText('agent main changed: name').waitFor()
    await shot(page, 'reloads')
    await go('Approvals')
    await page.getByText('Nothing waits for an answer.').waitFor()
    void own.post('/chat', { user_id: 'bob', message: 'run make install' })
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('Denied').waitFor()
    await go('Chat')
    await page.getByLabel('Message').waitFor()
  })

  t.test('a gateway with a token asks for it', async (t) => {
    const { gateway, engine } = await started(t, { tokenText: 'right-token' })
    const page = await visit(t, gateway.url)
    await page.getByText('This gateway wants its token').waitFor()
    await shot(page, 'login')
    await page.getByLabel('Gateway token').fill('wrong')
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('token wanted').waitFor()
    await page.getByLabel('Gateway token').fill('right-token')
    await page.getByRole('button', { name: 'Connect' }).click()
    await page.getByText('connected', { exact: true }).waitFor()
    await say(page, 'hi')
    await page.getByText('You said: hi').waitFor()
    const next = fakePlan({ tokenText: 'new-token' })
    engine.setPlan(next)
    await gateway.applyPlan(next)
    await page.getByText('This gateway wants its token').waitFor()
    t.pass('a changed token is asked for at once')
  })

  t.test('narrow and dark', async (t) => {
    const page = await ownerPage(t, await started(t), { viewport: { width: 390, height: 780 }, colorScheme: 'dark' })
    await say(page, 'A rather long message that needs more than one line on a telephone, as people write them.')
    await page.getByText('You said: A rather').waitFor()
    await shot(page, 'narrow')
    await page.getByRole('navigation').getByRole('button', { name: 'Agents' }).click()
    await page.getByText('prefix /research').waitFor()
    await shot(page, 'narrow-agents')
    t.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true, 'nothing sticks out')
  })
}

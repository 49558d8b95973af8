// Every test/golden/<name>.yaml gives the text in <name>.txt. CLAW_GOLDEN=update writes the texts again: read the difference.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPlan } from '../../src/config/load-plan.ts'
import { maskedTexts } from '../../src/config/masked.ts'
import { renderHuman } from '../../src/config/render.ts'
import { packageRoot } from '../../src/resources.ts'
import { registry } from './registry.ts'

const folder = join(packageRoot(), 'test', 'golden')
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
t.ok(names.length > 5)

for (const name of names) {
  t.test(name, async (t) => {
    const { plan, diagnostics, document } = await loadPlan(join(folder, name), { registry, env: {} })
    const shown = renderHuman(diagnostics, { cwd: folder, color: false, textOf: maskedTexts(document) })
    const text = `${plan === null ? 'invalid' : 'valid'}\n\n${shown}`
    const expected = join(folder, name.replace(/yaml$/, 'txt'))
    if (process.env['CLAW_GOLDEN'] === 'update') writeFileSync(expected, text)
    t.ok(existsSync(expected), `${expected} exists`)
    t.equal(text, readFileSync(expected, 'utf8'))
    for (const { code, message, hint } of diagnostics) t.ok(hint, `${code} has a hint: ${message}`)
    t.notMatch(text, /very.secret|sk-live/, 'no secret is shown')
  })
}

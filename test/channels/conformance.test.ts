// Every channel passes the conformance kit. `CHANNEL=Slack node dist/test/channels/conformance.test.js` runs one.

import t from 'tap'
import { runKit } from '../../src/channels/kit/index.ts'
import { kitDrivers } from './drivers.ts'

const only = process.env['CHANNEL']

for (const driver of await kitDrivers()) {
  if (only !== undefined && !driver.name.startsWith(only)) continue
  const why = driver.absent?.() ?? null
  if (why !== null) {
    process.stderr.write(`${driver.name} IS NOT TESTED: ${why}\n`)
    t.test(driver.name, { skip: why }, async () => undefined)
    continue
  }
  await runKit(driver.quickCuts === undefined ? driver : { ...driver, cuts: driver.quickCuts }, {
    check: (name, body) => t.test(name, body),
    cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
  })
}

// Discord passes the conformance kit. The library waits half a second before it connects again, so few cuts here;
// the matrix command makes all twenty.

import t from 'tap'
import { discordDriver } from '../../src/channels/discord/driver.ts'
import { runKit } from '../../src/channels/kit/index.ts'

await runKit(
  { ...discordDriver, cuts: 4 },
  {
    check: (name, body) => t.test(name, body),
    cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
  },
)

// Discord passes the conformance kit. The library waits half a second before it connects again, so few cuts here;
// the matrix command makes all twenty.

import t from 'tap'
import { runKit } from '../../src/channels/kit/index.ts'
import { discordDriver } from './driver-discord.ts'

await runKit(
  { ...discordDriver, cuts: 4 },
  {
    check: (name, body) => t.test(name, body),
    cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
  },
)

// Slack passes the conformance kit.

import t from 'tap'
import { runKit } from '../../src/channels/kit/index.ts'
import { slackDriver } from '../../src/channels/slack/driver.ts'

await runKit(slackDriver, {
  check: (name, body) => t.test(name, body),
  cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
})

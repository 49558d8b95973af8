// Telegram passes the conformance kit, polling and by webhook.

import t from 'tap'
import { runKit } from '../../src/channels/kit/index.ts'
import { telegramDriver } from '../../src/channels/telegram/driver.ts'

for (const mode of ['polling', 'webhook'] as const)
  await runKit(telegramDriver(mode), {
    check: (name, body) => t.test(name, body),
    cannot: (name, reason) => t.comment(`${name}: cannot, ${reason}`),
  })

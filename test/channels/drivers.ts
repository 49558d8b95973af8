// Every driver the kit knows, and those that cannot run on this machine, in words.

import type { KitDriver } from '../../src/channels/kit/index.ts'
import { discordDriver } from './driver-discord.ts'
import { slackDriver } from './driver-slack.ts'
import { telegramDriver } from './driver-telegram.ts'

export async function kitDrivers(): Promise<{ drivers: readonly KitDriver[]; absent: readonly string[] }> {
  const absent: string[] = []
  const drivers: KitDriver[] = [telegramDriver('polling'), telegramDriver('webhook'), discordDriver, slackDriver]
  return { drivers, absent }
}

// A call that is not of the platform is refused, on every channel that platforms call in to.

import t from 'tap'
import { createChannelHost, fastClock } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'
import { kitDrivers } from './drivers.ts'

for (const driver of await kitDrivers()) {
  if (driver.absent !== undefined && driver.absent() !== null) continue
  const clock = fastClock(50)
  const platform = await driver.start(clock)
  if (platform.callsIn !== true) {
    await platform.stop()
    continue
  }
  t.test(driver.name, async (t) => {
    const { settings, apiRoot } = platform
    const more = apiRoot === undefined ? {} : { apiRoot }
    const host = createChannelHost({ type: driver.definition.type, clock, stateFolder: testdir(t, {}), settings, ...more })
    const channel = (await driver.definition.load())(host)
    platform.attach?.(channel)
    t.teardown(async () => {
      await channel.stop()
      await platform.stop()
    })
    await channel.start()
    await host.until('connected', () => host.state.state === 'connected')
    const status = await platform.forge?.('let me in')
    t.ok(status === 401 || status === 403, `answered with ${status}`)
    t.same(host.received, [])
    await platform.say({ place: 'direct', text: 'a true one' })
    await host.until('the true one', () => host.received.length === 1)
  })
}

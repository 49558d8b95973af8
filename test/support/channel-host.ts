// A small real host for channels in tests; it lives with the conformance kit, so that others can use it too.

export {
  createKitHost as createChannelHost,
  deliver,
  fastClock,
  type KitHost as TestChannelHost,
  until,
} from '../../src/channels/kit/host.ts'

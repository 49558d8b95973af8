// A server on a free port, bodies, cut connections: what fakes of any network service share. The kit ships them for authors of channels.

export * from '../../src/channels/kit/fake-server.ts'

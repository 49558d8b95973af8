import { answer, answerWithCalls, call, calls, chunk, type Service } from './quirk.ts'

export const lmStudio: Service = {
  name: 'LM Studio',
  quirks: [
    {
      quirk: 'call-ids',
      what: 'empty ids and no index',
      body: answerWithCalls(calls({ id: '', ...call('save', '{"k":1}') }), calls({ id: '', ...call('save', '{"k":2}') })),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
      },
    },
    {
      quirk: 'call-ids',
      what: 'one id for all calls',
      body: answerWithCalls(
        calls({ index: 0, id: '0', ...call('save', '{"k":1}') }, { index: 1, id: '0', ...call('save', '{"k":2}') }),
      ),
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
      },
    },
    {
      quirk: 'think-tags',
      what: '`<think>` that is never closed',
      body: answer(chunk({ content: '<think>hm' }), chunk({ content: 'm' })),
      expect: { text: '', thoughts: 'hmm' },
    },
    {
      quirk: 'failed-inside',
      what: '`event: error`, with words',
      body: `${chunk({ content: 'ha' })}event: error\ndata: {"error":"The model has crashed"}\n\n`,
      expect: { error: { kind: 'network', message: /crashed/ } },
    },
    {
      quirk: 'no-usage',
      what: 'no counts at all',
      body: answer(chunk({ content: 'hi' })),
      expect: { text: 'hi', usage: { input: 0, output: 0 } },
    },
    {
      quirk: 'no-media',
      what: '400: the model does not support images',
      status: 400,
      body: JSON.stringify({ error: 'Model does not support images. Please use a model that does.' }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}

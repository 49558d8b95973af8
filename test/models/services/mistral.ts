import { answer, answerWithCalls, call, calls, chunk, DONE, type Service } from './quirk.ts'

export const mistral: Service = {
  name: 'Mistral',
  quirks: [
    {
      quirk: 'content-parts',
      what: 'a list of `thinking` and `text` parts',
      body: answer(
        chunk({ role: 'assistant', content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
        chunk({ content: [{ type: 'text', text: 'The ' }] }),
        chunk({
          content: [
            { type: 'text', text: 'answer' },
            { type: 'reference', reference_ids: [1] },
          ],
        }),
      ),
      expect: { text: 'The answer', thoughts: 'hm' },
    },
    {
      quirk: 'whole-calls',
      what: 'all calls in the last chunk, with the reason',
      body:
        chunk({ role: 'assistant', content: '' }) +
        chunk(
          {
            content: '',
            tool_calls: [
              { index: 0, id: 'D681PevKs', ...call('save', '{"k":1}') },
              { index: 1, id: 'D681PevKt', ...call('save', '{"k":2}') },
            ],
          },
          'tool_calls',
        ) +
        DONE,
      expect: {
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
      },
    },
    {
      quirk: 'call-ids',
      what: 'nine letters and digits; foreign ids are made so',
      body: answerWithCalls(calls({ index: 0, id: 'D681PevKs', ...call('save', '{"k":1}') })),
      expect: { calls: [['save', { k: 1 }]], sentBack: { tool_calls: [{ id: 'D681PevKs' }] } },
    },
    {
      quirk: 'finish-reasons',
      what: '`model_length`',
      body: [chunk({ content: 'long' }), chunk({}, 'model_length'), DONE].join(''),
      expect: { text: 'long', stopReason: 'max_tokens' },
    },
    {
      quirk: 'finish-reasons',
      what: '`error`: asked again',
      body: [chunk({ content: 'lo' }), chunk({}, 'error'), DONE].join(''),
      expect: { error: { kind: 'server' } },
    },
    {
      quirk: 'error-shape',
      what: '422 with `detail`, a list of places',
      status: 422,
      body: JSON.stringify({
        object: 'error',
        message: {
          detail: [
            { type: 'string_too_short', loc: ['body', 'messages', 0, 'content'], msg: 'String should have at least 1 character' },
          ],
        },
        type: 'invalid_request_error',
        code: null,
      }),
      expect: { error: { kind: 'invalid', message: /messages\.0\.content: String should have/ } },
    },
    {
      quirk: 'no-model',
      what: '400 in words',
      status: 400,
      body: JSON.stringify({
        object: 'error',
        message: 'Invalid model: mistral-none',
        type: 'invalid_model',
        param: null,
        code: '1500',
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}

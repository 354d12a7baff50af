// Publishes a message.

import { postJson, sentenceOf } from './api.js';
import { byId, setText } from './dom.js';
import { bytes } from './format.js';

const OUTCOMES = {
  delivered: 'It has subscribers.',
  noSubscribers: 'Nobody is subscribed to it.',
  notRetained: 'It was delivered, but not retained: the limit of retained messages is reached.',
};

export class Publisher {
  #published = 0;

  /** `published` is called after each message. */
  constructor(published) {
    this.published = published;
    byId('publish').addEventListener('submit', event => {
      event.preventDefault();
      this.#publish();
    });
  }

  /** Goes to the form, with a topic in it. */
  begin(topic) {
    byId('publish-topic').value = topic;
    byId('publish-payload').focus();
    byId('test').scrollIntoView({ block: 'nearest' });
  }

  async #publish() {
    const button = byId('publish-send');
    const topic = byId('publish-topic').value;
    button.disabled = true;
    try {
      const { outcome, size } = await postJson('messages', {
        topic,
        [byId('publish-form').value]: byId('publish-payload').value,
        qos: Number(byId('publish-qos').value),
        retain: byId('publish-retain').checked,
      });
      this.#published++;
      this.published();
      setText(byId('publish-result'), `Published ${bytes(size)} to ${topic} (${this.#published}). ${OUTCOMES[outcome] ?? outcome}`);
    } catch (error) {
      // Without a refusal it may have been published.
      setText(byId('publish-result'), `${error.status < 500 ? 'Not published' : 'Failed'}: ${sentenceOf(error)}`);
    } finally {
      button.disabled = false;
    }
  }
}

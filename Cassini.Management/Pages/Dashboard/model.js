// The fold of the feed: the state of the broker, as far as the feed has reported it.

import { Clock } from './clock.js';
import { sequenceOf } from './format.js';
import { Happenings, Samples } from './series.js';

const MOST_TRANSITIONS = 1_000;

/** A peer that sent nothing made no handshake, and a shutdown is no refusal. */
const NO_REFUSAL = new Set(['bareProbe', 'silent', 'shutdown']);

export class Model {
  constructor() {
    this.clock = new Clock();
    this.#clear();
  }

  /** Applies a message of the feed; true when the state starts over. */
  apply({ type, data }) {
    switch (type) {
      case 'snapshot': return this.#begin(data);
      case 'reset': this.#clear(); return false;
      case 'event':
      case 'transition': this.#follow(data); return false;
      case 'bye': this.#stop(); return false;
      default: return false;
    }
  }

  /** Applies an event from before the first snapshot: once, even when it is read several times. */
  remember(envelope) {
    const sequence = sequenceOf(envelope.id);
    if (this.health !== null && envelope.id.startsWith(this.health.epoch) && sequence <= this.since && !this.remembered.has(sequence)) {
      this.remembered.add(sequence);
      this.#record(envelope);
    }
  }

  /** Connections that are older were not read. */
  beginAt(elapsed) {
    this.accepts.beginAt(elapsed);
    this.refusals.beginAt(elapsed);
  }

  /** Applies one of many samples of the load that are older than what the feed and the log have. */
  fill({ id, type, event, elapsed }) {
    if (type === 'loadSampled' && this.health !== null && id.startsWith(this.health.epoch)) {
      this.load.fill(sequenceOf(id), elapsed, sampleOf(event));
      this.connections.fill(sequenceOf(id), elapsed, { connections: event.connections });
    }
  }

  /** Applies a requested snapshot: it has details that transitions do not carry. */
  refresh(health) {
    if (this.health === null || health.epoch !== this.health.epoch || sequenceOf(health.log.newestId) < this.through) {
      return false;
    }

    this.#hold(health);
    return true;
  }

  #clear() {
    this.health = null;
    this.through = 0;
    this.since = 0;
    this.remembered = new Set();
    this.transitions = new Map();
    this.phases = new Map();
    this.accepts = new Happenings();
    this.refusals = new Happenings();
    this.load = new Samples();
    this.connections = new Samples();
    this.process = null;
    this.descriptors = null;
    this.sampledThrough = 0;
  }

  #begin(health) {
    const isAfresh = this.health?.epoch !== health.epoch;
    if (isAfresh) {
      this.#clear();
      this.clock.begin(health.startedAt);
      this.since = sequenceOf(health.log.newestId);
    }

    this.clock.set(health.uptimeSeconds);
    this.#hold(health);
    return isAfresh;
  }

  #hold(health) {
    this.health = health;
    this.through = sequenceOf(health.log.newestId);
    this.connections.level(this.through, this.clock.now, { connections: health.activeListeners });
  }

  /** The process ends: nothing that it sent before bye says that its endpoints are closed, if they closed after it. */
  #stop() {
    if (this.health !== null) {
      const since = this.clock.dateOf(this.clock.now).toISOString();
      Object.assign(this.health, { phase: 'stopped', ready: false });
      this.health.endpoints = this.health.endpoints.map(endpoint =>
        endpoint.state === 'closed' ? endpoint : { ...endpoint, state: 'closed', since, error: null });
    }
  }

  #follow(envelope) {
    const sequence = sequenceOf(envelope.id);
    if (this.health !== null && (!envelope.id.startsWith(this.health.epoch) || sequence <= this.since)) {
      // After a restart the feed sends what was missed of the run before, and then this run from its begin.
      this.remember(envelope);
      return;
    }

    this.clock.reach(envelope.elapsed);
    this.#record(envelope);

    // After a resume the snapshot is ahead of the events that were missed.
    if (this.health !== null && sequence > this.through) {
      this.through = sequence;
      this.#fold(envelope, sequence);
    }
  }

  #fold({ type, event, elapsed, time }, sequence) {
    const health = this.health;
    switch (type) {
      case 'connectionAccepted': this.#count(1, sequence, elapsed); break;
      case 'handshakeFailed':
      case 'connectionClosed': this.#count(-1, sequence, elapsed); break;
      case 'loadSampled': health.backlog = event.queuedMessages; break;
      case 'phaseEntered': health.phase = event.phase; break;
      case 'listenerBound': this.#endpoint(event.endpoint, { address: event.address, state: 'bound', since: time, error: null }); break;
      case 'bindFailed': this.#endpoint(event.endpoint, { address: event.endpoint, state: 'failed', since: time, error: event.error }); break;
      case 'listenerClosed': this.#endpoint(event.endpoint, { state: 'closed', since: time, error: null }); break;
      case 'healthChanged':
        Object.assign(health, { status: event.status, ready: event.ready, live: event.live, revision: event.revision });
        health.checks = health.checks.map(check => (check.name !== event.check ? check : {
          ...check,
          status: event.to,
          raw: event.to,
          reason: event.reason,
          message: event.message,
          since: time,
          evidence: event.evidence,
        }));
        break;
    }
  }

  /** An endpoint whose port the system chose is known by its address, not by its name, unless it is the only one. */
  #endpoint(name, change) {
    const { endpoints } = this.health;
    const known = endpoints.find(endpoint => endpoint.address === name || endpoint.address === change.address)
      ?? (endpoints.length === 1 ? endpoints[0] : null);
    this.health.endpoints = endpoints.map(endpoint => (endpoint === known ? { ...endpoint, ...change } : endpoint));
  }

  #count(change, sequence, elapsed) {
    this.health.activeListeners = Math.max(0, this.health.activeListeners + change);
    this.connections.level(sequence, elapsed, { connections: this.health.activeListeners });
  }

  #record(envelope) {
    const { id, type, event, elapsed } = envelope;
    const sequence = sequenceOf(id);
    switch (type) {
      case 'connectionAccepted': this.accepts.add(elapsed); break;
      case 'handshakeFailed':
        if (!NO_REFUSAL.has(event.reason)) {
          this.refusals.add(elapsed);
        }

        break;
      case 'loadSampled':
        this.load.add(sequence, elapsed, sampleOf(event));
        if (sequence > this.sampledThrough) {
          this.sampledThrough = sequence;
          this.process = event.process ?? null;
          this.descriptors = event.capacity?.descriptors ?? null;
        }

        if (sequence <= this.since) {
          this.connections.level(sequence, elapsed, { connections: event.connections });
        }

        break;
      case 'phaseEntered': this.phases.set(sequence, { sequence, at: elapsed, phase: event.phase }); break;
      case 'healthChanged':
        this.transitions.set(sequence, { sequence, id, ...event });
        if (this.transitions.size > MOST_TRANSITIONS) {
          this.transitions.delete(Math.min(...this.transitions.keys()));
        }

        break;
    }
  }
}

/** What is drawn of a sample; an older Cassini knew less. */
const sampleOf = event => ({
  backlog: event.queuedMessages,
  received: event.messagesReceived ?? null,
  sent: event.messagesSent ?? null,
  memory: event.process?.memory ?? null,
  cpu: event.process?.cpu ?? null,
});

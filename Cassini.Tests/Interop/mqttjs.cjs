// MQTT.js against a broker, by WebSocket: subscribes, publishes with each QoS, and wants everything back.
const [, , library, url, ca, cert, key, version] = process.argv;
const { readFileSync } = require("fs");
const mqtt = require(library);

const sizes = [5, 70_000, 1_000_000];
const client = mqtt.connect(url, {
  ca: readFileSync(ca),
  cert: readFileSync(cert),
  key: readFileSync(key),
  clientId: "mqttjs",
  reconnectPeriod: 0,
  protocolVersion: Number(version),
  protocolId: version === "3" ? "MQIsdp" : "MQTT",
});
const fail = (what) => {
  console.error(what);
  process.exit(1);
};
let received = 0;
client.on("error", (error) => fail(error.message));
client.on("close", () => received < sizes.length && fail("closed too early"));
client.on("connect", () =>
  client.subscribe("js/#", { qos: 2 }, (error) => {
    if (error) {
      fail(error.message);
    }

    sizes.forEach((size, qos) => client.publish(`js/${qos}`, Buffer.alloc(size, 120), { qos }));
  }),
);
client.on("message", (topic, payload, packet) => {
  console.log(`${topic} ${payload.length} ${packet.qos}`);
  if (++received === sizes.length) {
    client.end(false, {}, () => console.log("ended"));
  }
});

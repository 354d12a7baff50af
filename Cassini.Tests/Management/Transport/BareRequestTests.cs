using System.Text;
using Cassini.Management.Transport;

namespace Cassini.Tests.Management.Transport;

public class BareRequestTests
{
    [Theory]
    [InlineData("GET /livez HTTP/1.1|Host: localhost:9090", true)]
    [InlineData("HEAD /readyz HTTP/1.1|Host: [::1]|Accept: text/plain|Connection: keep-alive", true)]
    [InlineData("GET /healthz HTTP/1.1|Host: a|Connection: close|Accept: application/json, */*;q=0.5", false)]
    [InlineData("GET /livez HTTP/1.0|Host: a|User-Agent: kube-probe/1.32", false)]
    public void Probe_AsOrchestratorsSendIt_IsRead(string lines, bool keepsAlive)
    {
        var request = Read(lines).ShouldNotBeNull();

        request.KeepsAlive.ShouldBe(keepsAlive);
        request.Headers.Host.Count.ShouldBe(1);
        request.Headers.Count.ShouldBe(lines.Split('|').Length - 1);
    }

    [Theory]
    [InlineData("GET /livez?verbose HTTP/1.1|Host: a")]
    [InlineData("GET /livez/ HTTP/1.1|Host: a")]
    [InlineData("GET /LIVEZ HTTP/1.1|Host: a")]
    [InlineData("GET http://a/livez HTTP/1.1|Host: a")]
    [InlineData("GET  /livez HTTP/1.1|Host: a")]
    [InlineData("get /livez HTTP/1.1|Host: a")]
    [InlineData("POST /livez HTTP/1.1|Host: a")]
    [InlineData("GET /metrics HTTP/1.1|Host: a")]
    [InlineData("GET /livez HTTP/2|Host: a")]
    [InlineData("GET /livez HTTP/1.1")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Host: a")]
    [InlineData("GET /livez HTTP/1.1|Host: a b")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Authorization: Bearer t")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Content-Length: 0")]
    [InlineData("GET /livez HTTP/1.1|Host: a|content-length: 3")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Transfer-Encoding: chunked")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Expect: 100-continue")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Upgrade: h2c")]
    [InlineData("GET /livez HTTP/1.1|Host: a|Connection: upgrade")]
    [InlineData("GET /livez HTTP/1.0|Host: a|Connection: keep-alive")]
    [InlineData("GET /livez HTTP/1.1|Host: a| folded")]
    [InlineData("GET /livez HTTP/1.1|Host : a")]
    [InlineData("GET /livez HTTP/1.1|Host: a|X\u0001: b")]
    [InlineData("GET /livez HTTP/1.1|Host: a|X: \u00e9")]
    [InlineData("GET /livez HTTP/1.1|Host: a|X: b\rc")]
    [InlineData("GET /livez HTTP/1.1|Host: a||GET /livez HTTP/1.1|Host: a")]
    public void AnythingElse_IsKestrels(string lines) => Read(lines).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: a\r\n")]
    [InlineData("GET /livez HTTP/1.1\nHost: a\n\n")]
    [InlineData("\u0016\u0003\u0001")]
    public void Bytes_ThatAreNoWholeRequest_AreKestrels(string text) =>
        BareRequest.TryRead(Encoding.Latin1.GetBytes(text)).ShouldBeNull();

    private static BareRequest? Read(string lines) =>
        BareRequest.TryRead(Encoding.Latin1.GetBytes(string.Join("\r\n", lines.Split('|')) + "\r\n\r\n"));
}

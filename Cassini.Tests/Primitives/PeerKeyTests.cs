using System.Net;
using Cassini.Streams.Primitives;

namespace Cassini.Tests.Primitives;

public class PeerKeyTests
{
    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("::ffff:10.0.0.1", "::ffff:10.0.0.2", false)]
    [InlineData("0.0.0.10", "::a:0:0:0:0", false)]
    [InlineData("0.0.0.0", "::", false)]
    public void Of_TwoAddresses_IsTheSameForOneHost(string one, string other, bool same) =>
        (PeerKey.Of(IPAddress.Parse(one)) == PeerKey.Of(IPAddress.Parse(other))).ShouldBe(same);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void Of_UnknownAddress_IsNoAddress(string address) =>
        (PeerKey.Of(null) == PeerKey.Of(IPAddress.Parse(address))).ShouldBeFalse();
}

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

    [Theory]
    [InlineData("192.0.2.1:40000", "192.0.2.1")]
    [InlineData("[::ffff:192.0.2.1]:40000", "192.0.2.1")]
    [InlineData("[2001:db8:1:2:3:4:5:6]:40000", "2001:db8:1:2::/64")]
    [InlineData("[::1]:40000", "::1")]
    [InlineData("0.0.0.0:1", "0.0.0.0")]
    [InlineData("peer", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void NameOf_AddressWithPort_IsThePeerWithoutIt(string? address, string? name) => PeerKey.NameOf(address).ShouldBe(name);
}

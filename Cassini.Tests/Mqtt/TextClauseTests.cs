using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Mqtt;

public class TextClauseTests
{
    /// <summary>A string that ends in a good character after the bad ones, so that only they are wrong.</summary>
    public static TheoryData<int, string, string> IllFormed()
    {
        var data = new TheoryData<int, string, string>();
        foreach (var (version, formed, zero) in new[] { (4, "MQTT-1.5.3-1", "MQTT-1.5.3-2"), (5, "MQTT-1.5.4-1", "MQTT-1.5.4-2") })
        {
            foreach (var bad in new[]
            {
                "EDA080", // U+D800
                "EDAFBF", // U+DBFF
                "EDB080", // U+DC00
                "EDBFBF", // U+DFFF
                "EDA0BDEDB880", // a pair of surrogates, each by itself
                "C080", // U+0000 in two bytes
                "C1BF", // U+007F in two bytes
                "E08080", // U+0000 in three bytes
                "E09FBF", // U+07FF in three bytes
                "F0808080", // U+0000 in four bytes
                "F08FBFBF", // U+FFFF in four bytes
                "F4908080", // U+110000
                "F5808080", // no first byte
                "FE", "FF", // no bytes of UTF-8
                "80", "BF", // nothing to continue
                "C3", "E282", "F09F98", // cut off
            })
            {
                data.Add(version, bad, formed);
            }

            data.Add(version, "00", zero);
            data.Add(version, "610062", zero);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(IllFormed))]
    public void Text_IllFormed_IsMalformedWhereverItIs(int version, string bad, string clause)
    {
        var text = $"{bad.Length / 2 + 1:X4} {bad} 61";
        var none = version == 5 ? "[]" : "";
        foreach (var packet in new[]
        {
            $"30 [ {text} {none} ]",
            $"10 [ 'MQTT' {version:X2} 02 003C {none} {text} ]",
            $"10 [ 'MQTT' {version:X2} 06 003C {none} 'c' {none} {text} 'm' ]",
            $"10 [ 'MQTT' {version:X2} 82 003C {none} 'c' {text} ]",
            $"82 [ 0001 {none} {text} 00 ]",
            $"A2 [ 0001 {none} {text} ]",
        })
        {
            Verdict.ShouldBeRefused(version, packet, 0x81, clause);
        }

        if (version == 5)
        {
            foreach (var packet in new[]
            {
                $"10 [ 'MQTT' 05 02 003C [ 15 {text} ] 'c' ]",
                $"10 [ 'MQTT' 05 02 003C [ 26 {text} 'v' ] 'c' ]",
                $"10 [ 'MQTT' 05 02 003C [ 26 'n' {text} ] 'c' ]",
                $"30 [ 't' [ 03 {text} ] ]",
                $"30 [ 't' [ 08 {text} ] ]",
                $"30 [ 't' [ 26 {text} 'v' ] ]",
                $"30 [ 't' [ 26 'n' {text} ] ]",
                $"E0 [ 00 [ 1F {text} ] ]",
            })
            {
                Verdict.ShouldBeRefused(version, packet, 0x81, clause);
            }
        }
    }

    [Fact]
    public void Bytes_ThatAreNoText_MayBeAnything()
    {
        Verdict.ShouldBeAccepted(4, "10 [ 'MQTT' 04 C6 003C 'c' 't' 0002 00FF 'u' 0002 00FF ]");
        Verdict.ShouldBeAccepted(5, "30 [ 't' [ 09 0002 00FF ] 00FF ]");
        Verdict.ShouldBeAccepted(5, "10 [ 'MQTT' 05 02 003C [ 15 'm' 16 0002 00FF ] 'c' ]");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void ByteOrderMark_AnywhereInText_IsKept(int version)
    {
        var none = version == 5 ? "[]" : "";
        var bytes = Notation.Bytes($"A2 [ 0001 {none} 0007 EFBBBF 61 EFBBBF ]");
        FrameReader.Read(bytes, 100, (ProtocolVersion)version, out var frame, out _, out _).ShouldBe(FrameStatus.Complete);
        UnsubscribePacket.TryRead(frame, (ProtocolVersion)version, int.MaxValue, out var packet, out _).ShouldBeTrue();
        packet.ShouldNotBeNull().Filters.ShouldHaveSingleItem().ShouldBe("\uFEFFa\uFEFF");
        packet.Filters[0].Length.ShouldBe(3);
    }

    /// <summary>§1.5.4 says that these SHOULD NOT be there, and leaves it to the receiver.</summary>
    [Theory]
    [InlineData("01")]
    [InlineData("1F")]
    [InlineData("7F")]
    [InlineData("C29F")]
    [InlineData("EFB790")]
    [InlineData("EFBFBF")]
    [InlineData("F48FBFBF")]
    public void Text_WithControlCharactersOrNonCharacters_IsAccepted(string character)
    {
        Verdict.ShouldBeAccepted(4, $"30 [ {character.Length / 2:X4} {character} ]");
        Verdict.ShouldBeAccepted(5, $"30 [ {character.Length / 2:X4} {character} [] ]");
    }

    [Fact]
    public void Text_OfTheLargestLength_IsAccepted()
    {
        var text = new string('x', MqttText.MaxBytes);
        Verdict.ShouldBeAccepted(4, $"30 [ '{text}' ]");
        Verdict.ShouldBeAccepted(5, $"30 [ '{text}' [] ]");
    }
}

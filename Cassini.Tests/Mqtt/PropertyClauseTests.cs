using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Mqtt;

/// <summary>Table 2-4 of MQTT 5.0, and the sections on each property: where it may be, how often, and with which values.</summary>
public class PropertyClauseTests
{
    /// <summary>The properties of each carrier in the order of their sections, from the second on.</summary>
    private static readonly Dictionary<PropertyOwner, (string Section, int[] Ids)> Carriers = new()
    {
        [PropertyOwner.Connect] = ("§3.1.2.11", [0x11, 0x21, 0x27, 0x22, 0x19, 0x17, 0x26, 0x15, 0x16]),
        [PropertyOwner.Will] = ("§3.1.3.2", [0x18, 0x01, 0x02, 0x03, 0x08, 0x09, 0x26]),
        [PropertyOwner.ConnAck] = (
            "§3.2.2.3", [0x11, 0x21, 0x24, 0x25, 0x27, 0x12, 0x22, 0x1F, 0x26, 0x28, 0x29, 0x2A, 0x13, 0x1A, 0x1C, 0x15, 0x16]),
        [PropertyOwner.Publish] = ("§3.3.2.3", [0x01, 0x02, 0x23, 0x08, 0x09, 0x26, 0x0B, 0x03]),
        [PropertyOwner.Acknowledgement] = ("§3.4.2.2", [0x1F, 0x26]),
        [PropertyOwner.Subscribe] = ("§3.8.2.1", [0x0B, 0x26]),
        [PropertyOwner.SubscriptionAcknowledgement] = ("§3.9.2.1", [0x1F, 0x26]),
        [PropertyOwner.Unsubscribe] = ("§3.10.2.1", [0x26]),
        [PropertyOwner.Disconnect] = ("§3.14.2.2", [0x11, 0x1F, 0x26, 0x1C]),
        [PropertyOwner.Auth] = ("§3.15.2.2", [0x15, 0x16, 0x1F, 0x26]),
    };

    /// <summary>Table 2-4, a valid property of each identifier.</summary>
    private static readonly (int Id, string Value, string Where)[] Table =
    [
        (0x01, "01", "Publish Will"),
        (0x02, "0000003C", "Publish Will"),
        (0x03, "'text/plain'", "Publish Will"),
        (0x08, "'answers'", "Publish Will"),
        (0x09, "0002 00FF", "Publish Will"),
        (0x0B, "8101", "Publish Subscribe"),
        (0x11, "0000003C", "Connect ConnAck Disconnect"),
        (0x12, "'id'", "ConnAck"),
        (0x13, "003C", "ConnAck"),
        (0x15, "'m'", "Connect ConnAck Auth"),
        (0x16, "0002 00FF", "Connect ConnAck Auth"),
        (0x17, "00", "Connect"),
        (0x18, "0000003C", "Will"),
        (0x19, "01", "Connect"),
        (0x1A, "'answers'", "ConnAck"),
        (0x1C, "'elsewhere'", "ConnAck Disconnect"),
        (0x1F, "'why'", "ConnAck Acknowledgement SubscriptionAcknowledgement Disconnect Auth"),
        (0x21, "0001", "Connect ConnAck"),
        (0x22, "0000", "Connect ConnAck"),
        (0x23, "0001", "Publish"),
        (0x24, "01", "ConnAck"),
        (0x25, "01", "ConnAck"),
        (
            0x26, "'n' 'v'",
            "Connect Will ConnAck Publish Acknowledgement Subscribe SubscriptionAcknowledgement Unsubscribe Disconnect Auth"
        ),
        (0x27, "00000001", "Connect ConnAck"),
        (0x28, "01", "ConnAck"),
        (0x29, "01", "ConnAck"),
        (0x2A, "01", "ConnAck"),
    ];

    public static TheoryData<string, int> Matrix()
    {
        var data = new TheoryData<string, int>();
        foreach (var owner in Enum.GetNames<PropertyOwner>())
        {
            foreach (var (id, _, _) in Table)
            {
                data.Add(owner, id);
            }
        }

        return data;
    }

    public static TheoryData<string, int> MatrixOfAllowed()
    {
        var data = new TheoryData<string, int>();
        foreach (var (owner, (_, ids)) in Carriers)
        {
            foreach (var id in ids)
            {
                data.Add(owner.ToString(), id);
            }
        }

        return data;
    }

    [Fact]
    public void Table_HasEveryPropertyOnce() => Table.Select(row => row.Id).ShouldBe(Enum.GetValues<PropertyId>().Select(id => (int)id));

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Property_WhereTheTableDoesNotHaveIt_IsMalformed(string owner, int id)
    {
        var (_, value, where) = Table.Single(row => row.Id == id);
        var carrier = Enum.Parse<PropertyOwner>(owner);
        foreach (var (packet, fromClient) in Packets(carrier, id, $"{id:X2} {value}"))
        {
            if (where.Split(' ').Contains(owner))
            {
                Carriers[carrier].Ids.ShouldContain(id);
                Verdict.ShouldBeAccepted(5, packet, fromClient);
            }
            else
            {
                Carriers[carrier].Ids.ShouldNotContain(id);
                Verdict.ShouldBeRefused(5, packet, 0x81, "§2.2.2.2", fromClient);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MatrixOfAllowed))]
    public void Property_ThereTwice_IsAProtocolErrorUnlessItMayRepeat(string owner, int id)
    {
        var (_, value, _) = Table.Single(row => row.Id == id);
        var carrier = Enum.Parse<PropertyOwner>(owner);
        foreach (var (packet, fromClient) in Packets(carrier, id, $"{id:X2} {value} {id:X2} {value}"))
        {
            if (id == 0x26 || (id == 0x0B && carrier == PropertyOwner.Publish))
            {
                Verdict.ShouldBeAccepted(5, packet, fromClient);
            }
            else
            {
                Verdict.ShouldBeRefused(5, packet, 0x82, Section(carrier, id), fromClient);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MatrixOfAllowed))]
    public void Property_CutOff_IsMalformedAtEveryPosition(string owner, int id)
    {
        var (_, value, _) = Table.Single(row => row.Id == id);
        var carrier = Enum.Parse<PropertyOwner>(owner);
        var whole = Notation.Bytes($"{id:X2} {value}");
        for (var cut = 1; cut < whole.Length; cut++)
        {
            foreach (var (packet, fromClient) in Packets(carrier, id, Convert.ToHexString(whole[..cut])))
            {
                Verdict.ShouldBeRefused(5, packet, 0x81, "§2.1.4", fromClient);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MatrixOfAllowed))]
    public void Property_WithAValueThatIsNotAllowed_IsAProtocolError(string owner, int id)
    {
        string[] bad = id switch
        {
            0x01 or 0x17 or 0x19 or 0x24 or 0x25 or 0x28 or 0x29 or 0x2A => ["02", "80", "FF"],
            0x0B => ["00"],
            0x21 => ["0000"],
            0x27 => ["00000000"],
            _ => [],
        };
        var carrier = Enum.Parse<PropertyOwner>(owner);
        foreach (var value in bad)
        {
            foreach (var (packet, fromClient) in Packets(carrier, id, $"{id:X2} {value}"))
            {
                Verdict.ShouldBeRefused(5, packet, 0x82, Section(carrier, id), fromClient);
            }
        }
    }

    [Theory]
    [InlineData("00", "§2.2.2.2")]
    [InlineData("04 00", "§2.2.2.2")]
    [InlineData("2B 00", "§2.2.2.2")]
    [InlineData("3F 00", "§2.2.2.2")]
    [InlineData("40 00", "§2.2.2.2")]
    [InlineData("66 00", "§2.2.2.2")]
    [InlineData("A602 00", "§2.2.2.2")]
    [InlineData("FFFFFF7F 00", "§2.2.2.2")]
    [InlineData("A600 'n' 'v'", "MQTT-1.5.5-1")]
    [InlineData("80808080 00", "§1.5.5")]
    [InlineData("80", "§2.1.4")]
    public void Property_Unknown_IsMalformedInEveryCarrier(string property, string clause)
    {
        foreach (var carrier in Enum.GetValues<PropertyOwner>())
        {
            foreach (var (packet, fromClient) in Packets(carrier, 0, property))
            {
                Verdict.ShouldBeRefused(5, packet, 0x81, clause, fromClient);
            }
        }
    }

    [Theory]
    [InlineData("8000", "MQTT-1.5.5-1")]
    [InlineData("80808080 01", "§1.5.5")]
    [InlineData("FFFFFF7F", "§2.1.4")]
    [InlineData("80", "§2.1.4")]
    public void PropertyLength_OfAnotherForm_IsMalformed(string length, string clause)
    {
        Verdict.ShouldBeRefused(5, $"30 [ 't' {length} ]", 0x81, clause);
        Verdict.ShouldBeRefused(5, $"40 [ 0001 00 {length} ]", 0x81, clause);
        Verdict.ShouldBeRefused(5, $"82 [ 0001 {length} ]", 0x81, clause);
        Verdict.ShouldBeRefused(5, $"E0 [ 00 {length} ]", 0x81, clause);
        Verdict.ShouldBeRefused(5, $"10 [ 'MQTT' 05 02 003C {length} ]", 0x81, clause);
    }

    private static string Section(PropertyOwner owner, int id) => $"{Carriers[owner].Section}.{Array.IndexOf(Carriers[owner].Ids, id) + 2}";

    /// <summary>Packets with these properties, valid otherwise, from a side that may send them.</summary>
    private static (string Packet, bool FromClient)[] Packets(PropertyOwner owner, int id, string properties) => owner switch
    {
        // Authentication data needs a method, and AUTH always.
        PropertyOwner.Connect => [($"10 [ 'MQTT' 05 02 003C [ {(id == 0x16 ? "15 'm'" : "")} {properties} ] 'c' ]", true)],
        PropertyOwner.Will => [($"10 [ 'MQTT' 05 06 003C [] 'c' [ {properties} ] 't' 'm' ]", true)],
        PropertyOwner.ConnAck => [($"20 [ 0000 [ {properties} ] ]", false)],
        PropertyOwner.Publish =>
            [($"30 [ 't' [ {properties} ] ]", false), .. id == 0x0B ? [] : new[] { ($"30 [ 't' [ {properties} ] ]", true) }],
        PropertyOwner.Acknowledgement =>
            [.. new[] { "40", "50", "62", "70" }.Select(header => ($"{header} [ 0001 00 [ {properties} ] ]", true))],
        PropertyOwner.Subscribe => [($"82 [ 0001 [ {properties} ] 'a' 00 ]", true)],
        PropertyOwner.SubscriptionAcknowledgement =>
            [($"90 [ 0001 [ {properties} ] 00 ]", false), ($"B0 [ 0001 [ {properties} ] 00 ]", false)],
        PropertyOwner.Unsubscribe => [($"A2 [ 0001 [ {properties} ] 'a' ]", true)],
        PropertyOwner.Disconnect => [($"E0 [ 00 [ {properties} ] ]", id != 0x1C)],
        _ => [($"F0 [ 18 [ {(id == 0x15 ? "" : "15 'm'")} {properties} ] ]", true)],
    };
}

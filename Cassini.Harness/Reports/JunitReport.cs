using System.Globalization;
using System.Text;
using System.Xml;
using Cassini.Harness.Results;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Reports;

/// <summary>
/// JUnit XML, as CI systems read it: a suite for each test with a case for each expectation, and a suite of the run with one for the
/// brokers' health and one for the run itself.
/// </summary>
internal static class JunitReport
{
    public static string Text(RunReport report)
    {
        var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, CheckCharacters = false }))
        {
            var suites = report.Tests.Select(test => (test.Name, Seconds: test.Seconds, Cases: CasesOf(test).ToList()))
                .Append((Name: "run", report.Seconds, Cases: CasesOf(report).ToList()))
                .ToList();
            xml.WriteStartElement("testsuites");
            xml.WriteAttributeString("name", Clean(report.Plan));
            Totals(xml, [.. suites.SelectMany(suite => suite.Cases)], report.Seconds);
            foreach (var (name, seconds, cases) in suites)
            {
                xml.WriteStartElement("testsuite");
                xml.WriteAttributeString("name", Clean(name));
                Totals(xml, cases, seconds);
                foreach (var test in cases)
                {
                    Write(xml, $"{report.Plan}.{name}", test);
                }

                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return text.ToString();
    }

    private static IEnumerable<Case> CasesOf(TestReport test) =>
        RefusedOf(test).Concat(
        from subscriber in test.Subscribers
        from expectation in Names(subscriber, test.State)
        select new Case(
            $"{subscriber.Name}: {expectation.Name}",
            expectation.Result is { Passed: false } failed ? $"expected {failed.Expected}; seen: {failed.Seen}" : null,
            IsSkipped: expectation.Result is null));

    private static IEnumerable<Case> RefusedOf(TestReport test) => test.Publishers
        .Where(publisher => publisher.Failed > 0)
        .Select(publisher => new Case(
            $"{publisher.Name}: published", $"{Quantity.Of(publisher.Failed, "message")} failed: {publisher.LastError}"));

    private static IEnumerable<(string Name, ExpectationResult? Result)> Names(SubscriberLine subscriber, TestState state) =>
        state is TestState.Stopped or TestState.Skipped
            ? [("expectations", null)]
            : subscriber.Expectations.Select(result => (result.Name, (ExpectationResult?)result));

    private static IEnumerable<Case> CasesOf(RunReport report)
    {
        yield return new Case("health", report.Verdict == Verdict.BrokerUnhealthy ? report.Message : null);
        yield return new Case(
            "completion",
            report.Verdict is Verdict.Passed or Verdict.ExpectationFailed or Verdict.BrokerUnhealthy
                ? null
                : $"{report.Verdict.InWords()}: {report.Message}");
    }

    private static void Totals(XmlWriter xml, IReadOnlyList<Case> cases, double seconds)
    {
        xml.WriteAttributeString("tests", cases.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("failures", cases.Count(test => test.Failure is not null).ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("errors", "0");
        xml.WriteAttributeString("skipped", cases.Count(test => test.IsSkipped).ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("time", seconds.ToString("0.000", CultureInfo.InvariantCulture));
    }

    private static void Write(XmlWriter xml, string owner, Case test)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", Clean(owner));
        xml.WriteAttributeString("name", Clean(test.Name));
        if (test.Failure is { } failure)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", Clean(failure));
            xml.WriteEndElement();
        }
        else if (test.IsSkipped)
        {
            xml.WriteElementString("skipped", "");
        }

        xml.WriteEndElement();
    }

    /// <summary>The text without the characters that XML 1.0 cannot contain.</summary>
    private static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(
        rune => rune.Value > char.MaxValue || XmlConvert.IsXmlChar((char)rune.Value) ? rune : System.Text.Rune.ReplacementChar));

    private sealed record Case(string Name, string? Failure, bool IsSkipped = false);

    private sealed class Utf8Writer() : StringWriter(CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}

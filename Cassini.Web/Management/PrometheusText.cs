using System.Globalization;
using System.Text;

namespace Cassini.Web.Management;

/// <summary>Writes the Prometheus text format 0.0.4: families in the order in which they are written.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new(16_384);

    public PrometheusText Gauge(string name, string help) => Family(name, help, "gauge");

    public PrometheusText Counter(string name, string help) => Family(name, help, "counter");

    public PrometheusText Sample(string name, double value)
    {
        _text.Append(name);
        return Value(value);
    }

    public PrometheusText Sample(string name, string label, string labelValue, double value)
    {
        _text.Append(name).Append('{');
        Label(label, labelValue);
        _text.Append('}');
        return Value(value);
    }

    public PrometheusText Sample(string name, string label1, string value1, string label2, string value2, double value)
    {
        _text.Append(name).Append('{');
        Label(label1, value1);
        _text.Append(',');
        Label(label2, value2);
        _text.Append('}');
        return Value(value);
    }

    /// <summary>A family of one sample.</summary>
    public PrometheusText Gauge(string name, string help, double value) => Gauge(name, help).Sample(name, value);

    /// <summary>A family of one sample.</summary>
    public PrometheusText Counter(string name, string help, double value) => Counter(name, help).Sample(name, value);

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    private PrometheusText Family(string name, string help, string type)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    private void Label(string name, string value)
    {
        _text.Append(name).Append("=\"");
        foreach (var character in value)
        {
            _ = character switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(character),
            };
        }

        _text.Append('"');
    }

    private PrometheusText Value(double value)
    {
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>
/// Takes the frames off a client's bytes (RFC 6455 §5), cut anywhere: what is left is the payload of its binary messages, one after
/// another. Where a message or a frame ends is of no meaning. For the connection's reader.
/// </summary>
internal sealed class FrameDecoder
{
    private const int ShortHeader = 2;
    private const int MaskLength = 4;
    private const int LongestHeader = 14;
    private const int LongestControl = 125;
    private const int Length16 = 126;
    private const int Length64 = 127;
    private const int FinalFlag = 0x80;
    private const int ReservedFlags = 0x70;
    private const int MaskedFlag = 0x80;

    private readonly byte[] _header = new byte[LongestHeader];
    private byte[]? _control;
    private byte[]? _ping;
    private int _headerLength;
    private int _headerNeeded = ShortHeader;
    private int _controlLength;
    private int _empty;
    private long _left;
    private uint _mask;
    private Opcode _opcode;
    private bool _isFinal;
    private bool _isInMessage;

    /// <summary>What was wrong; null for nothing. Nothing is taken after it.</summary>
    public FrameViolation? Violation { get; private set; }

    /// <summary>What the peer's close frame said; null before it came. Nothing is taken after it.</summary>
    public CloseStatus? Closed { get; private set; }

    /// <summary>Whether nothing more is taken.</summary>
    public bool IsOver => Violation is not null || Closed is not null;

    /// <summary>Whether the next byte is payload.</summary>
    public bool IsInPayload => _left > 0 && !IsControl;

    /// <summary>
    /// How many bytes there are at least until payload begins, as far as it is known: a header or a control frame. 0 within payload.
    /// </summary>
    public int Ahead => IsInPayload ? 0 : _left > 0 ? (int)_left : _headerNeeded - _headerLength;

    private bool IsControl => _opcode >= Opcode.Close;

    /// <summary>How long the frames were that brought no payload, in bytes, since the last call.</summary>
    public int TakeEmpty()
    {
        var empty = _empty;
        _empty = 0;
        return empty;
    }

    /// <summary>The payload of the last ping, if one came since the last call.</summary>
    public byte[]? TakePing()
    {
        var ping = _ping;
        _ping = null;
        return ping;
    }

    /// <summary>Takes bytes, and moves the payload in them to their beginning.</summary>
    /// <returns>How many bytes the payload has.</returns>
    public int Decode(Span<byte> bytes)
    {
        var payload = 0;
        for (var at = 0; at < bytes.Length && !IsOver;)
        {
            if (_left == 0)
            {
                at += TakeHeader(bytes[at..]);
                continue;
            }

            var part = bytes.Slice(at, (int)Math.Min(_left, bytes.Length - at));
            at += part.Length;
            _left -= part.Length;
            Unmask(part);
            if (IsControl)
            {
                part.CopyTo(_control.AsSpan(_controlLength));
                _controlLength += part.Length;
            }
            else
            {
                part.CopyTo(bytes[payload..]);
                payload += part.Length;
            }

            if (_left == 0)
            {
                EndFrame();
            }
        }

        return payload;
    }

    private int TakeHeader(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(_headerNeeded - _headerLength, bytes.Length);
        bytes[..taken].CopyTo(_header.AsSpan(_headerLength));
        _headerLength += taken;
        if (_headerLength == ShortHeader && _headerNeeded == ShortHeader)
        {
            BeginHeader();
        }
        else if (_headerLength == _headerNeeded)
        {
            BeginFrame();
        }

        return taken;
    }

    /// <summary>The first two bytes say what it is and how long the header is.</summary>
    private void BeginHeader()
    {
        var length = _header[1] & ~MaskedFlag;
        _opcode = (Opcode)(_header[0] & 0x0F);
        _isFinal = (_header[0] & FinalFlag) != 0;
        Violation = Problem(length);
        _headerNeeded += MaskLength + length switch
        {
            Length16 => sizeof(ushort),
            Length64 => sizeof(ulong),
            _ => 0,
        };
    }

    private FrameViolation? Problem(int length) =>
        (_header[0] & ReservedFlags) != 0 ? FrameViolation.Malformed("a frame with reserved bits: no extension was agreed on")
        : (_header[1] & MaskedFlag) == 0 ? FrameViolation.Malformed("a frame without a mask")
        : _opcode switch
        {
            Opcode.Text => FrameViolation.Text,
            Opcode.Binary when _isInMessage => FrameViolation.Malformed("a new message within a message"),
            Opcode.Continuation when !_isInMessage => FrameViolation.Malformed("a continuation of no message"),
            Opcode.Binary or Opcode.Continuation => null,
            Opcode.Close or Opcode.Ping or Opcode.Pong when !_isFinal => FrameViolation.Malformed("a control frame in fragments"),
            Opcode.Close or Opcode.Ping or Opcode.Pong when length > LongestControl =>
                FrameViolation.Malformed($"a control frame of more than {LongestControl} bytes"),
            Opcode.Close or Opcode.Ping or Opcode.Pong => null,
            _ => FrameViolation.Malformed($"a frame of the reserved opcode {(int)_opcode}"),
        };

    private void BeginFrame()
    {
        var shortLength = _header[1] & ~MaskedFlag;
        var (length, least) = shortLength switch
        {
            Length16 => (BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(ShortHeader)), Length16),
            Length64 => (BinaryPrimitives.ReadInt64BigEndian(_header.AsSpan(ShortHeader)), ushort.MaxValue + 1),
            _ => (shortLength, 0),
        };
        _mask = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(_headerLength - MaskLength));
        if (length < least)
        {
            Violation = FrameViolation.Malformed("a frame's length is not encoded in the fewest bytes");
            return;
        }

        _empty += IsControl || length == 0 ? _headerLength + (int)length : 0;
        _headerLength = 0;
        _headerNeeded = ShortHeader;
        _left = length;
        _control ??= IsControl ? new byte[LongestControl] : null;
        if (length == 0)
        {
            EndFrame();
        }
    }

    private void EndFrame()
    {
        var control = _control.AsSpan(0, _controlLength);
        _controlLength = 0;
        switch (_opcode)
        {
            case Opcode.Close:
                Close(control);
                break;
            case Opcode.Ping:
                _ping = control.ToArray();
                break;
            case Opcode.Pong:
                break;
            default:
                _isInMessage = !_isFinal;
                break;
        }

        // Between frames nothing is a control frame's.
        _opcode = Opcode.Continuation;
    }

    private void Close(ReadOnlySpan<byte> payload)
    {
        if (payload.Length == 1)
        {
            Violation = FrameViolation.Malformed("a close frame of one byte");
            return;
        }

        Closed = payload.IsEmpty ? CloseStatus.Normal : (CloseStatus)BinaryPrimitives.ReadUInt16BigEndian(payload);
    }

    private void Unmask(Span<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var wide = _mask | ((ulong)_mask << 32);
        wide = BitConverter.IsLittleEndian ? wide : BinaryPrimitives.ReverseEndianness(wide);
        for (var i = 0; i < words.Length; i++)
        {
            words[i] ^= wide;
        }

        for (var i = words.Length * sizeof(ulong); i < bytes.Length; i++)
        {
            bytes[i] ^= (byte)(_mask >> (8 * (i % MaskLength)));
        }

        _mask = BitOperations.RotateRight(_mask, 8 * (bytes.Length % MaskLength));
    }
}

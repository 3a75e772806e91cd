import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.condition.Constraint;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.util.externalizable.DeserializationException;
import org.javarosa.core.util.externalizable.ExtUtil;
import org.javarosa.xpath.XPathConditional;

/**
 * A form that was opened before, kept as Collect keeps it: what the engine made of it, serialised. For each filling it is
 * read anew, its lists with it, which takes a third of the time that the XML does.
 */
final class OpenedForm {

    private static final int KEPT = 100;
    private static final Map<ByteBuffer, OpenedForm> BY_SOURCE = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, OpenedForm> eldest) {
            return size() > KEPT;
        }
    };

    final Entities.EntitiesInForm entities;
    private final byte[] source;
    private final byte[] serialised;
    /** Path without positions → its constraint as the form has it, which the engine does not serialise. */
    private final Map<String, String> constraints = new HashMap<>();
    private Binds binds;

    private OpenedForm(byte[] source, FormDef form, Entities.EntitiesInForm entities) throws IOException {
        this.source = source;
        this.entities = entities;
        collect(form.getMainInstance().getRoot());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        form.writeExternal(new DataOutputStream(out));
        serialised = out.toByteArray();
    }

    /** The form of this XML; null if it was not opened yet, or not lately. */
    static OpenedForm of(byte[] source) {
        return BY_SOURCE.get(ByteBuffer.wrap(source));
    }

    /** Keeps what was parsed from this XML and was not filled yet. */
    static OpenedForm keep(byte[] source, FormDef form, Entities.EntitiesInForm entities) throws IOException {
        OpenedForm opened = new OpenedForm(source, form, entities);
        BY_SOURCE.put(ByteBuffer.wrap(source), opened);
        return opened;
    }

    /** The form, ready to be filled; null if one of its lists cannot be read any more, as the parser will say better. */
    FormDef read() {
        try {
            FormDef form = new FormDef();
            form.readExternal(new DataInputStream(new ByteArrayInputStream(serialised)), ExtUtil.defaultPrototypes());
            return form;
        } catch (IOException | DeserializationException e) {
            return null;
        }
    }

    String constraint(String path) {
        return constraints.get(path);
    }

    Binds binds() {
        if (binds == null) {
            binds = new Binds(source); // most fillings need none
        }
        return binds;
    }

    private void collect(TreeElement node) {
        Constraint constraint = node.getConstraint();
        if (constraint != null && constraint.constraint instanceof XPathConditional) {
            constraints.put(node.getRef().genericize().toString(false), ((XPathConditional) constraint.constraint).xpath);
        }
        for (int i = 0; i < node.getNumChildren(); i++) {
            collect(node.getChildAt(i));
        }
    }
}
